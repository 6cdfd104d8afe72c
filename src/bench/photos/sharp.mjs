// What sharp spends on the images that `photograph bench photos` makes, on the same photos, with one thread: to be run in a
// folder in which `npm install sharp` was done.
//
//   node …/src/bench/photos/sharp.mjs each|cascade QUALITY PHOTO…

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const sharp = createRequire(`${process.cwd()}/`)("sharp");
sharp.concurrency(1);
sharp.cache(false);

const [how, quality, ...files] = process.argv.slice(2);
const ROUNDS = 5;
const jpeg = { quality: Number(quality) };
const sizes = [1080, 640, 320, 150].map((side) => ({
  width: side,
  height: side,
  fit: side === 150 ? "cover" : "inside",
  withoutEnlargement: true,
}));

/** Each size from the original. */
async function each(photo) {
  let bytes = 0;
  for (const size of sizes) bytes += (await sharp(photo).rotate().resize(size).jpeg(jpeg).toBuffer()).length;
  return bytes;
}

/** Each size from the one above. */
async function cascade(photo) {
  let bytes = 0;
  let from = sharp(photo).rotate();
  for (const size of sizes) {
    const { data, info } = await from.resize(size).raw().toBuffer({ resolveWithObject: true });
    const picture = () => sharp(data, { raw: info });
    bytes += (await picture().jpeg(jpeg).toBuffer()).length;
    from = picture();
  }
  return bytes;
}

const work = { each, cascade }[how];
let milliseconds = 0;
let kilobytes = 0;
for (const file of files) {
  const photo = readFileSync(file);
  kilobytes += (await work(photo)) / 1000 / files.length;
  const before = process.cpuUsage();
  for (let round = 0; round < ROUNDS; round++) await work(photo);
  const { user, system } = process.cpuUsage(before);
  milliseconds += (user + system) / 1000 / ROUNDS / files.length;
}
const peak = process.resourceUsage().maxRSS / 1024;
console.log(`${(1000 / milliseconds).toFixed(1)} photos/core-second, ${milliseconds.toFixed(0)} ms of CPU each`);
console.log(`${peak.toFixed(0)} MB at the peak, ${kilobytes.toFixed(0)} KB of images`);
