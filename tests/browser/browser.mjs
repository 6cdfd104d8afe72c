// What all stories in a real browser share: how it is started and ended, and what a clean page does not do.

import { createRequire } from "node:module";

const { chromium } = createRequire(new URL("../../playground/package.json", import.meta.url))("playwright-core");

/** How long a page may take for a step; a photo is decoded and resized in one of them. */
const STEP_MS = 30_000;

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const problems = [];

/** Lets a story go on in a browser. What it did not do, and what a page did that a clean one does not, is an error. */
export async function inChromium(story) {
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
  try {
    await story(browser);
    if (problems.length > 0) throw new Error("The page worked, but not cleanly.");
  } catch (error) {
    console.error(`\nFAILED: ${error.message}`);
    process.exitCode = 1;
  } finally {
    for (const problem of problems) console.error(`PROBLEM: ${problem}`);
    await browser.close();
  }
}

/** A page that is watched: it may reach these addresses and no others. */
export async function watchedPage(context, colorScheme, addresses) {
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  await page.emulateMedia({ colorScheme });
  const hosts = addresses.map((address) => new URL(address).host);
  const note = (url) =>
    /^(http|ws)/.test(url) && !hosts.includes(new URL(url).host) && problems.push(`a request to ${url}`);
  page.on("request", (request) => note(request.url()));
  page.on("websocket", (socket) => note(socket.url()));
  page.on("pageerror", (error) => problems.push(`an exception: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && problems.push(`a console error: ${message.text()}`));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
      console.error(`${effectiveDirective} of the policy forbids ${blockedURI}`),
    ),
  );
  return page;
}
