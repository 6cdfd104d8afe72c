// The studio in a real browser, against a seeded server: one person publishes while the network goes away in the middle of
// the photo, and the feed of the other goes on where it was cut off. Nothing may break the Content Security Policy,
// complain in the console or reach for another host.
//
//   node tests/browser/studio.mjs http://localhost:8080 folder-for-screenshots photo.jpg

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { inChromium, watchedPage } from "./browser.mjs";

const [base, folder, photo] = process.argv.slice(2);
if (!photo) {
  console.error("Usage: node tests/browser/studio.mjs BASE_URL SCREENSHOT_FOLDER PHOTO");
  process.exit(1);
}
mkdirSync(folder, { recursive: true });

let stage = 0;

await inChromium(async (browser) => {
  const context = await browser.newContext({ viewport: { width: 1360, height: 960 } });
  await story(context, "light", "Morning light with @ana #harbor");
  await story(context, "dark", "The same, at night");
  console.log("The studio works.");
});

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
  await page.waitForFunction(() => document.querySelector(".sending progress").value > 0.05);
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
  const page = await watchedPage(context, colorScheme, [base]);
  await page.setViewportSize({ width: 1360, height: 960 });
  await page.goto(`${base}/playground/studio`);
  return page;
}

async function picture(page, name) {
  stage += 1;
  const path = join(folder, `studio-${String(stage).padStart(2, "0")}-${name}.png`);
  await page.screenshot({ path, animations: "disabled" });
}
