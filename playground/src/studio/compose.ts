// The left half: a photo is dropped, goes to the server while one looks at it, gets its words, and is published.
import { Looks } from "./looks";
import { Refused, type Person } from "./person";
import { check, persist, upload } from "./upload";

/** Pixels of the longer side of what is shown while it is edited. */
const SHOWN = 1080;

/** The photo on the stage, and its upload once that is ready. */
type Work = { file: File; uploadId?: string };

export function compose(person: Person, section: HTMLElement): void {
  new Composer(person, section).begin();
}

class Composer {
  #stage: HTMLElement;
  #canvas: HTMLCanvasElement;
  #form: HTMLFormElement;
  #sending: HTMLElement;
  #said: HTMLOutputElement;
  #looks: Looks;
  #work: Work | null = null;

  constructor(
    readonly person: Person,
    readonly section: HTMLElement,
  ) {
    const find = <T extends Element>(selector: string) => section.querySelector<T>(selector)!;
    this.#stage = find(".stage");
    this.#canvas = find("canvas");
    this.#form = find("form");
    this.#sending = find(".sending");
    this.#said = find(".said");
    this.#looks = new Looks(person, section, this.#canvas);
  }

  begin(): void {
    const input = this.section.querySelector<HTMLInputElement>("input[type=file]")!;
    input.addEventListener("change", () => this.#take(input.files?.[0]));
    this.#stage.addEventListener("dragover", (event) => {
      event.preventDefault();
      this.#stage.classList.add("over");
    });
    for (const end of ["dragleave", "drop"]) {
      this.#stage.addEventListener(end, () => this.#stage.classList.remove("over"));
    }
    this.#stage.addEventListener("drop", (event) => {
      event.preventDefault();
      void this.#take((event as DragEvent).dataTransfer?.files[0]);
    });
    this.section.querySelector(".other")!.addEventListener("click", () => {
      input.value = "";
      input.click();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#publish();
    });
  }

  /** What cannot be taken leaves the photo before it where it is. */
  async #take(file?: File): Promise<void> {
    if (!file) return;
    this.#say("");
    try {
      await check(this.person, file);
      this.#draw(await decoded(file));
      await this.#begin({ file });
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The upload begins at once: by the time the words are written, the photo is there. */
  async #begin(work: Work): Promise<void> {
    this.#work = work;
    this.#form.hidden = false;
    void this.#looks.offer().catch((error: unknown) => this.#fail(error));
    const isShown = () => this.#work === work;
    try {
      work.uploadId = await this.#send(work.file, isShown);
      if (isShown()) this.#button.disabled = false;
    } catch (error) {
      if (!isShown()) return;
      this.#clear();
      throw error;
    }
  }

  #draw(photo: ImageBitmap): void {
    const scale = Math.min(1, SHOWN / Math.max(photo.width, photo.height));
    this.#canvas.width = Math.round(photo.width * scale);
    this.#canvas.height = Math.round(photo.height * scale);
    const context = this.#canvas.getContext("2d", { willReadFrequently: true })!;
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, 0, 0, this.#canvas.width, this.#canvas.height);
    photo.close();
    this.#stage.dataset.state = "photo";
    this.#canvas.hidden = false;
    this.section.querySelector<HTMLElement>(".other")!.hidden = false;
  }

  async #send(file: File, isShown: () => boolean): Promise<string> {
    const bar = this.#sending.querySelector("progress")!;
    const words = this.#sending.querySelector("p")!;
    const show = (share: number | null, said: string) => {
      if (!isShown()) return;
      if (share === null) bar.removeAttribute("value");
      else bar.value = share;
      words.textContent = said;
    };
    const percent = (share: number) => `${Math.round(share * 100)} %`;
    this.#button.disabled = true;
    this.#sending.hidden = false;
    show(0, "Sending…");
    const id = await upload(this.person, file, {
      sent: (share) => show(share, `Sending… ${percent(share)}`),
      waiting: (share) => show(share, `No network. It waits at ${percent(share)}.`),
      resumed: (share) => show(share, `Going on at ${percent(share)}…`),
      processing: () => show(null, "The server makes its sizes…"),
    });
    show(1, "The photo is there.");
    return id;
  }

  async #publish(): Promise<void> {
    const work = this.#work;
    if (!work?.uploadId) return;
    const fields = new FormData(this.#form);
    const photo = { uploadId: work.uploadId, altText: fields.get("altText"), filter: this.#looks.chosen };
    const input = { photos: [photo], caption: fields.get("caption"), idempotencyKey: crypto.randomUUID() };
    this.#button.disabled = true;
    try {
      await persist(() => this.person.does("publishMedia", input, "media { id }"));
      this.#clear();
      this.#say("Published.");
      // Where it arrives: below, on a phone.
      document.querySelector("#feed")!.scrollIntoView({ behavior: "smooth" });
    } catch (error) {
      this.#button.disabled = false;
      this.#fail(error);
    }
  }

  #clear(): void {
    this.#work = null;
    this.#form.reset();
    this.#form.hidden = true;
    this.#sending.hidden = true;
    this.#canvas.hidden = true;
    this.#stage.dataset.state = "empty";
    this.section.querySelector<HTMLElement>(".other")!.hidden = true;
    this.section.querySelector<HTMLInputElement>("input[type=file]")!.value = "";
  }

  get #button(): HTMLButtonElement {
    return this.#form.querySelector("button")!;
  }

  #say(words: string): void {
    this.#said.textContent = words;
    this.#said.classList.remove("bad");
  }

  /** What is refused comes with words for people; anything else is a mistake of this page. */
  #fail(error: unknown): void {
    if (!(error instanceof Refused)) console.error(error);
    this.#said.textContent = error instanceof Refused ? error.message : "Something went wrong here. Load the page again.";
    this.#said.classList.add("bad");
  }
}

function decoded(file: File): Promise<ImageBitmap> {
  return createImageBitmap(file).catch(() => {
    throw new Refused(`“${file.name}” is damaged, or not a photo.`);
  });
}
