// Copying for the person at the screen.
import { notice } from "./store";

/** Browsers give the clipboard only to secure pages (HTTPS or localhost); elsewhere, show what to copy. */
export async function copy(text: string, done: string): Promise<void> {
  if (!navigator.clipboard) return void prompt("Copy:", text);
  await navigator.clipboard.writeText(text);
  notice.set(done);
}
