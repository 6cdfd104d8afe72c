// The filters as thumbnails of the photo, and the chosen one on the photo itself: the same tables, and so the same picture,
// as on the server.
import { applyFilter, tableOf, type Filter } from "../filters";
import { fromHere, type Person } from "./person";
import { persist } from "./upload";

type Look = Filter & { key: string; name: string };

/** Pixels of a thumbnail, for screens with two for each. */
const THUMBNAIL = 184;
const READ = "{ filters { key name lookupTableUrl lookupTableSha256 vignette grain } }";

export class Looks {
  #original: ImageData | null = null;
  #look: Look | null = null;
  #field: HTMLElement;
  #strip: HTMLElement;
  #strength: HTMLLabelElement;

  constructor(
    readonly person: Person,
    section: HTMLElement,
    readonly canvas: HTMLCanvasElement,
  ) {
    this.#field = section.querySelector("#filters")!;
    this.#strip = section.querySelector(".strip")!;
    this.#strength = section.querySelector(".strength")!;
    this.#range.addEventListener("input", () => void this.#draw());
  }

  /** What is chosen, as `PhotoInput.filter` wants it. */
  get chosen(): { key: string; strength: number } | null {
    return this.#look && { key: this.#look.key, strength: this.#range.valueAsNumber };
  }

  /** Shows what each filter makes of the photo on the canvas. */
  async offer(): Promise<void> {
    const context = this.canvas.getContext("2d")!;
    const original = context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    this.#original = original;
    this.#choose(null);
    const { filters }: { filters: Look[] } = await persist(() => this.person.ask(READ));
    const looks = filters.map((look) => ({ ...look, lookupTableUrl: fromHere(look.lookupTableUrl) }));
    const square = middle(this.canvas);
    const options = [this.#option(null, square)];
    for (const look of looks) options.push(await this.#filtered(look, square));
    if (this.#original !== original) return;
    this.#strip.replaceChildren(...options);
    this.#field.hidden = false;
  }

  async #filtered(look: Look, square: ImageData): Promise<HTMLElement> {
    const table = await persist(() => tableOf(look));
    const picture = new ImageData(square.data.slice(), square.width, square.height);
    applyFilter(picture, table, look);
    return this.#option(look, picture);
  }

  #option(look: Look | null, picture: ImageData): HTMLElement {
    const label = document.createElement("label");
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: "look", checked: !look });
    radio.addEventListener("change", () => this.#choose(look));
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [picture.width, picture.height];
    canvas.getContext("2d")!.putImageData(picture, 0, 0);
    label.append(radio, canvas, look?.name ?? "As it is");
    return label;
  }

  #choose(look: Look | null): void {
    this.#look = look;
    this.#range.value = "1";
    this.#strength.hidden = !look;
    void this.#draw();
  }

  async #draw(): Promise<void> {
    const [original, look] = [this.#original, this.#look];
    if (!original) return;
    const picture = new ImageData(original.data.slice(), original.width, original.height);
    if (look) applyFilter(picture, await persist(() => tableOf(look)), look, this.#range.valueAsNumber);
    // Another one may have been chosen meanwhile.
    if (this.#look === look && this.#original === original) this.canvas.getContext("2d")!.putImageData(picture, 0, 0);
  }

  get #range(): HTMLInputElement {
    return this.#strength.querySelector("input")!;
  }
}

/** The middle of a photo, square and small. */
function middle(photo: HTMLCanvasElement): ImageData {
  const side = Math.min(photo.width, photo.height);
  const canvas = new OffscreenCanvas(THUMBNAIL, THUMBNAIL);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingQuality = "high";
  const [left, top] = [(photo.width - side) / 2, (photo.height - side) / 2];
  context.drawImage(photo, left, top, side, side, 0, 0, THUMBNAIL, THUMBNAIL);
  return context.getImageData(0, 0, THUMBNAIL, THUMBNAIL);
}
