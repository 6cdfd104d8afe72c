// The studio in a real browser, against a seeded server: one person publishes while the network goes away in the middle of
// the photo, and the feed of the other goes on where it was cut off. Nothing may break the Content Security Policy,
// complain in the console or reach for another host.
//
//   node tests/browser/studio.mjs http://localhost:8080 folder-for-screenshots photo.jpg

import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { chromium } = createRequire(new URL("../../playground/package.json", import.meta.url))("playwright-core");

const [base, folder, photo] = process.argv.slice(2);
if (!photo) {
  console.error("Usage: node tests/browser/studio.mjs BASE_URL SCREENSHOT_FOLDER PHOTO");
  process.exit(1);
}
mkdirSync(folder, { recursive: true });

/** How long the page may take for a step; a photo is decoded and resized in one of them. */
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
let stage = 0;

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
try {
  const context = await browser.newContext({ viewport: { width: 1360, height: 960 } });
  await story(context, "light", "Morning light with @ana #harbor");
  await story(context, "dark", "The same, at night");
  if (problems.length > 0) throw new Error("The page worked, but not cleanly.");
  console.log("The studio works.");
} catch (error) {
  console.error(`\nFAILED: ${error.message}`);
  process.exitCode = 1;
} finally {
  for (const problem of problems) console.error(`PROBLEM: ${problem}`);
  await browser.close();
}

async function story(context, colorScheme, caption) {
  const page = await open(context, colorScheme);
  await page.locator('.live[data-state="live"]').waitFor();
  await picture(page, `${colorScheme}-opened`);
  await refusals(page);
  await network(page, "slow");
  await page.locator("input[type=file]").setInputFiles(photo);
  // The same photo of the same person is there at once the second time.
  if (colorScheme === "light") await cutOff(page);
  await page.getByText("The photo is there.").waitFor();
  await network(page, "good");
  await page.getByLabel("Caption").fill(caption);
  await page.getByLabel("What it shows").fill("Hills at dusk");
  const looks = page.locator(".strip label");
  await looks.nth(16).waitFor();
  await looks.nth(colorScheme === "light" ? 3 : 9).click();
  await picture(page, `${colorScheme}-written`);
  await page.getByRole("button", { name: "Publish" }).click();
  await page.getByText("Published.").waitFor();
  const arrived = page.locator("#feed li").first();
  await arrived.getByText(caption).waitFor();
  if (!(await arrived.getByRole("img").evaluate(hasLoaded))) throw new Error("The photo in the feed did not load.");
  if (colorScheme === "light") {
    if ((await arrived.locator("b").allTextContents()).join(" ") !== "@ana #harbor") {
      throw new Error("The caption does not show who and what it speaks of.");
    }
  }
  await picture(page, `${colorScheme}-arrived`);
  await page.setViewportSize({ width: 420, height: 900 });
  await picture(page, `${colorScheme}-narrow`);
  await page.close();
}

/** What cannot be published is said in words, before a byte is sent. */
async function refusals(page) {
  for (const [name, mimeType, words] of [
    ["logo.svg", "image/svg+xml", "Choose one of these: JPEG, PNG, WEBP."],
    ["torn.jpg", "image/jpeg", "“torn.jpg” is damaged, or not a photo."],
  ]) {
    await page.locator("input[type=file]").setInputFiles({ name, mimeType, buffer: Buffer.from("<svg/>") });
    await page.locator(".said.bad").getByText(words).waitFor();
  }
}

/** In the middle of the photo the network goes, and both the upload and the feed go on when it is back. */
async function cutOff(page) {
  await page.waitForFunction(() => document.querySelector(".sending progress").value > 0.05, null, { timeout: STEP_MS });
  await network(page, "gone");
  await page.locator('.live[data-state="lost"]').waitFor();
  await page.getByText(/^No network. It waits at [1-9]/).waitFor();
  const before = await page.locator(".sending progress").evaluate((bar) => bar.value);
  if (!(before > 0 && before < 1)) throw new Error(`The network did not go in the middle: ${before}`);
  await picture(page, "cut-off");
  await page.evaluate(() => {
    window.resumed = [];
    const words = document.querySelector(".sending p");
    new MutationObserver(() => window.resumed.push(words.textContent)).observe(words, { childList: true });
  });
  await network(page, "good");
  await page.getByText("Live, nothing missed").waitFor();
  await page.getByText("The photo is there.").waitFor();
  const said = await page.evaluate(() => window.resumed);
  if (!said.some((words) => /^Going on at [1-9]/.test(words))) throw new Error(`It began anew: ${said.join(" | ")}`);
}

async function network(page, state) {
  await page.locator(`#network [value="${state}"]`).check({ force: true });
}

function hasLoaded(image) {
  const loaded = () => image.complete && image.naturalWidth > 0;
  return loaded() || new Promise((resolve) => image.addEventListener("load", () => resolve(loaded()), { once: true }));
}

async function open(context, colorScheme) {
  const page = await context.newPage();
  page.setDefaultTimeout(STEP_MS);
  await page.setViewportSize({ width: 1360, height: 960 });
  await page.emulateMedia({ colorScheme });
  await watchFor(page);
  await page.goto(`${base}/playground/studio`);
  return page;
}

/** Notes whatever a clean page does not do. That a connection broke off is said by the network that is taken away. */
async function watchFor(page) {
  const { host } = new URL(base);
  const note = (url) => /^(http|ws)/.test(url) && new URL(url).host !== host && problems.push(`a request to ${url}`);
  page.on("request", (request) => note(request.url()));
  page.on("pageerror", (error) => problems.push(`an exception: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && problems.push(`a console error: ${message.text()}`));
  await page.addInitScript(() =>
    addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
      console.error(`${effectiveDirective} of the policy forbids ${blockedURI}`),
    ),
  );
}

async function picture(page, name) {
  stage += 1;
  const path = join(folder, `studio-${String(stage).padStart(2, "0")}-${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
}
