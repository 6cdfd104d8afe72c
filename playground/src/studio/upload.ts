// A photo on its way to the server, over a network that may break: announce it, send it in pieces, go on where it stopped.
import { network } from "./network";
import { fromHere, Person, Refused } from "./person";

/** Bytes in one request: what is sent twice at most when the network breaks. */
const PIECE = 128 << 10;
const TUS = { "Tus-Resumable": "1.0.0" };

type Upload = {
  id: string;
  status: string;
  target: { url: string } | null;
  rejection: { message: string } | null;
};

const STATE = "id status target { url } rejection { message }";
const LIMITS = "{ server { limits { photoBytes photoTypes } } }";
const READ = `query($id: ID!) { node(id: $id) { ... on Upload { ${STATE} } } }`;

/** What is told on the way, with how much of the photo is there. */
export type Steps = {
  sent(share: number): void;
  waiting(share: number): void;
  resumed(share: number): void;
  processing(): void;
};

/** Whether the server takes such a file at all: better said before a byte is sent. */
export async function check(person: Person, file: File): Promise<void> {
  const { photoBytes, photoTypes } = (await persist(() => person.ask(LIMITS))).server.limits;
  if (!photoTypes.includes(file.type)) {
    const names = photoTypes.map((type: string) => type.replace("image/", "").toUpperCase());
    throw new Refused(`“${file.name}” is not a photo that can be published here. Choose one of these: ${names.join(", ")}.`);
  }
  if (file.size > photoBytes) {
    throw new Refused(`“${file.name}” has ${megabytes(file.size)}. A photo may have ${megabytes(photoBytes)}.`);
  }
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`;
}

/** Brings a photo to the server and gives the ID of its upload, once it can be published. */
export async function upload(person: Person, file: File, steps: Steps): Promise<string> {
  const announced = await announce(person, file);
  // The server knows the bytes: this person sent them before.
  if (announced.target) await send(file, fromHere(announced.target.url), steps);
  steps.processing();
  for (let failures = 0; ; ) {
    const { status, rejection } = await persist(() => read(person, announced.id));
    if (status === "READY") return announced.id;
    if (status !== "PROCESSING") throw new Refused(rejection?.message ?? "This upload is over. Choose the photo again.");
    await network.again(Math.min(failures++, 2));
  }
}

/** The same key for each try: however often it is announced, there is one upload. */
async function announce(person: Person, file: File): Promise<Upload> {
  const input = {
    contentType: file.type,
    byteSize: file.size,
    sha256: await sha256(file),
    prefers: "TUS",
    idempotencyKey: crypto.randomUUID(),
  };
  const { upload } = await persist(() => person.does("createUpload", input, `upload { ${STATE} }`));
  return upload;
}

/** tus 1.0: `HEAD` tells how much is there, `PATCH` sends what follows. */
async function send(file: File, address: string, steps: Steps): Promise<void> {
  let offset: number | null = null;
  let sent = 0;
  for (let failures = 0; offset !== file.size; ) {
    try {
      const isResumed: boolean = offset === null && failures > 0;
      offset ??= await look(address);
      if (isResumed) steps.resumed(offset / file.size);
      offset = await next(file, address, offset);
      failures = 0;
      if (offset !== null) steps.sent((sent = offset) / file.size);
    } catch (error) {
      if (error instanceof Refused) throw error;
      offset = null;
      steps.waiting(sent / file.size);
      await network.again(failures++);
    }
  }
}

async function look(address: string): Promise<number> {
  return progress(await network.fetch(address, { method: "HEAD", headers: TUS }));
}

/** Sends the next piece and tells how much is there then; null when the server is somewhere else. */
async function next(file: File, address: string, offset: number): Promise<number | null> {
  const headers = { ...TUS, "Upload-Offset": `${offset}`, "Content-Type": "application/offset+octet-stream" };
  const body = file.slice(offset, offset + PIECE);
  const response = await network.fetch(address, { method: "PATCH", headers, body });
  return response.status === 409 ? null : progress(response);
}

function progress(response: Response): number {
  // 423: the server does not know yet that the old connection is dead.
  if (response.status >= 500 || response.status === 423) throw new Error(`HTTP ${response.status}`);
  if (response.status === 404 || response.status === 410) throw new Refused("This upload is over. Choose the photo again.");
  if (!response.ok) throw new Refused(`The server refused the bytes (HTTP ${response.status}).`);
  return Number(response.headers.get("Upload-Offset"));
}

async function read(person: Person, id: string): Promise<Upload> {
  return (await person.ask(READ, { id })).node;
}

/** Tries until there is an answer, whatever it is. */
export async function persist<T>(act: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; ) {
    try {
      return await act();
    } catch (error) {
      if (error instanceof Refused) throw error;
      await network.again(failures++);
    }
  }
}

/** Browsers compute it only on secure pages (HTTPS or localhost); elsewhere the server does without. */
async function sha256(file: File): Promise<string | null> {
  if (!crypto.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
