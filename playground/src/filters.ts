/**
 * Puts a filter on a picture as the server does: the same table, the same whole numbers, the same picture.
 *
 * What each step means stands in `src/platform/imaging/lut.rs`. Nothing else of the playground is needed here; take the
 * file along into an app of your own.
 */

/** A filter, as `Query.filters` has it. */
export interface Filter {
  lookupTableUrl: string;
  lookupTableSha256: string;
  vignette: number;
  grain: number;
}

/** A colour table: red, green and blue of 64 × 64 × 64 colours, red counting fastest. */
export type Table = Uint8Array;

const LEVELS = 64;
const NOISE = 4096;
const GOLDEN = 0x9e3779b9;

const tables = new Map<string, Promise<Table>>();

/** The table of a filter, fetched once. */
export function tableOf(filter: Filter): Promise<Table> {
  const known = tables.get(filter.lookupTableSha256);
  if (known) return known;
  const table = fetchTable(filter);
  tables.set(filter.lookupTableSha256, table);
  table.catch(() => tables.delete(filter.lookupTableSha256));
  return table;
}

async function fetchTable(filter: Filter): Promise<Table> {
  const response = await fetch(filter.lookupTableUrl);
  if (!response.ok) throw new Error(`The table of the filter was answered ${response.status}.`);
  // Its numbers are no photo: nothing may convert their colours.
  const options: ImageBitmapOptions = { colorSpaceConversion: "none", premultiplyAlpha: "none" };
  const image = await createImageBitmap(await response.blob(), options);
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, image.width, image.height);
  const table = new Uint8Array(LEVELS * LEVELS * LEVELS * 3);
  for (let i = 0; i < table.length / 3; i++) table.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  return table;
}

/** Puts a filter on a picture, in place. Strength is 0 to 1. */
export function applyFilter(picture: ImageData, table: Table, filter: Filter, strength = 1): void {
  const { data, width, height } = picture;
  const s = parts(strength, 256);
  const darkest = parts(filter.vignette, s);
  const noise = noiseOf(parts(filter.grain, s));
  const across = fromTheMiddle(width);
  const down = fromTheMiddle(height);
  const colour = [0, 0, 0];
  for (let y = 0, at = 0; y < height; y++) {
    const start = scattered(((width << 16) ^ height) + Math.imul(y, GOLDEN));
    for (let x = 0; x < width; x++, at += 4) {
      lookUp(table, data, at, colour);
      const far = across[x]! + down[y]!;
      const gain = 256 - ((((far * far) >>> 16) * darkest) >>> 16);
      const n = noise[((start % NOISE) + x) % NOISE]!;
      for (let i = 0; i < 3; i++) {
        let c = (data[at + i]! * (256 - s) + colour[i]! * s + 128) >> 8;
        c = (c * gain + 128) >> 8;
        data[at + i] = c + ((n * ((c * (255 - c)) >> 7) + 512) >> 10);
      }
    }
  }
}

/** Tetrahedral interpolation between the entries around a colour. */
function lookUp(table: Table, data: Uint8ClampedArray, at: number, colour: number[]): void {
  let [a, stepA] = [far(data[at]!), 3];
  let [b, stepB] = [far(data[at + 1]!), 3 * LEVELS];
  let [c, stepC] = [far(data[at + 2]!), 3 * LEVELS * LEVELS];
  const e0 = cell(data[at]!) * stepA + cell(data[at + 1]!) * stepB + cell(data[at + 2]!) * stepC;
  const e3 = e0 + stepA + stepB + stepC;
  if (a < b) [a, stepA, b, stepB] = [b, stepB, a, stepA];
  if (b < c) [b, stepB, c, stepC] = [c, stepC, b, stepB];
  if (a < b) [a, stepA, b, stepB] = [b, stepB, a, stepA];
  const e1 = e0 + stepA;
  const e2 = e1 + stepB;
  for (let i = 0; i < 3; i++) {
    const sum = table[e0 + i]! * (256 - a) + table[e1 + i]! * (a - b) + table[e2 + i]! * (b - c) + table[e3 + i]! * c;
    colour[i] = (sum + 128) >> 8;
  }
}

/** In which cell of the table a value of a channel is. */
function cell(value: number): number {
  return value === 255 ? LEVELS - 2 : Math.floor((value * (LEVELS - 1)) / 255);
}

/** How far into its cell it is, of 256. */
function far(value: number): number {
  if (value === 255) return 256;
  const rest = (value * (LEVELS - 1)) % 255;
  return rest > 127 ? rest + 1 : rest;
}

function parts(fraction: number, whole: number): number {
  return Math.round(Math.min(Math.max(Math.fround(fraction), 0), 1) * whole);
}

function fromTheMiddle(length: number): number[] {
  return Array.from({ length }, (_, at) => Math.floor(((2 * at + 1 - length) ** 2 * 32767) / length ** 2));
}

function noiseOf(grain: number): Int16Array {
  return Int16Array.from({ length: NOISE }, (_, at) => {
    const key = scattered(Math.imul(at, GOLDEN));
    return (((key & 255) + ((key >>> 8) & 255) - 255) * grain) >> 8;
  });
}

function scattered(key: number): number {
  key = Math.imul(key ^ (key >>> 15), 0x2c1b3c6d);
  key = Math.imul(key ^ (key >>> 12), 0x297a2d39);
  return (key ^ (key >>> 15)) >>> 0;
}
