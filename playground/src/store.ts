// A value that the page shows, and that changes outside of React.
import { useSyncExternalStore } from "react";

export class Store<T> {
  #value: T;
  #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get = (): T => this.#value;

  set = (value: T): void => {
    this.#value = value;
    for (const listener of this.#listeners) listener(value);
  };

  watch = (listener: (value: T) => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.watch, store.get);
}

/** A sentence for the person at the screen; null when there is nothing to say. */
export const notice = new Store<string | null>(null);

/** Runs something whose failure the person at the screen should read. */
export function attempt(action: () => Promise<unknown>): void {
  action().catch((error: unknown) => notice.set(messageOf(error)));
}

export function messageOf(error: unknown): string {
  const hasMessage = typeof error === "object" && error !== null && "message" in error;
  return String(hasMessage ? error.message : error);
}
