// The JavaScript client of filters in a real browser: it fetches the tables from the server, puts them on a picture, and
// must come to what the server came to, within one level.
//
//   node tests/browser/filters.mjs http://localhost:8080 FOLDER
//
// The folder holds `picture.rgb`, `cases.json` ([{ file, width, height, strength, filter }]) and what the server made of
// the picture in each case; all pictures are red, green and blue, row after row.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { inChromium } from "./browser.mjs";

const require = createRequire(new URL("../../playground/package.json", import.meta.url));
const vite = await import(pathToFileURL(require.resolve("vite")));

const [base, folder] = process.argv.slice(2);
if (!folder) {
  console.error("Usage: node tests/browser/filters.mjs BASE_URL FOLDER");
  process.exit(1);
}

await inChromium(async (browser) => {
  const page = await browser.newPage();
  await page.goto(`${base}/livez`);
  const code = await compiled(fileURLToPath(new URL("../../playground/src/filters.ts", import.meta.url)));
  const picture = read("picture.rgb");
  const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8"));
  for (const asked of cases) {
    const made = Buffer.from(await page.evaluate(put, { code, picture, ...asked }), "base64");
    compare(asked, made, readFileSync(join(folder, asked.file)));
  }
  console.log(`The browser agrees in ${cases.length} cases.`);
});

/** The client as JavaScript. */
async function compiled(entry) {
  const lib = { entry, formats: ["es"], fileName: "filters" };
  const built = await vite.build({ configFile: false, logLevel: "silent", build: { write: false, lib } });
  return built[0].output[0].code;
}

function read(file) {
  return readFileSync(join(folder, file)).toString("base64");
}

/** Runs in the page. */
async function put({ code, picture, width, height, strength, filter }) {
  const { applyFilter, tableOf } = await import(`data:text/javascript;charset=utf-8,${encodeURIComponent(code)}`);
  const rgb = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) image.data.set([rgb[3 * i], rgb[3 * i + 1], rgb[3 * i + 2], 255], 4 * i);
  applyFilter(image, await tableOf(filter), filter, strength);
  let bytes = "";
  for (let i = 0; i < image.data.length; i++) if (i % 4 < 3) bytes += String.fromCharCode(image.data[i]);
  return btoa(bytes);
}

function compare({ file }, made, expected) {
  if (made.length !== expected.length) throw new Error(`${file}: ${made.length} bytes instead of ${expected.length}`);
  const off = made.findIndex((value, i) => Math.abs(value - expected[i]) > 1);
  if (off >= 0) throw new Error(`${file}: byte ${off} is ${made[off]} instead of ${expected[off]}`);
}
