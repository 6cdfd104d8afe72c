// Brings a photo from this computer to the server: announce it, send its bytes, say so, watch until it can be published.
import { events, execute } from "./graphql";
import type { Result } from "./http";

type Problem = { code: string; message: string };

export type Upload = {
  id: string;
  status: "AWAITING_BYTES" | "PROCESSING" | "READY" | "REJECTED" | "USED" | "EXPIRED";
  target?: { url: string; headers: { name: string; value: string }[] } | null;
  rejection: Problem | null;
  width: number | null;
  height: number | null;
  preview: { url: string } | null;
};

type UploadEvent = { __typename: "StreamOpened" | "StreamClosing" } | { __typename: "UploadChanged"; upload: Upload };

const STATE = "id status rejection { code message } blurHash width height preview { url }";
const CREATE = `mutation CreateUpload($input: CreateUploadInput!) {
  createUpload(input: $input) {
    upload { ${STATE} target { protocol url headers { name value } } }
    userErrors { code message path }
  }
}`;
const COMPLETE = `mutation CompleteUpload($input: CompleteUploadInput!) {
  completeUpload(input: $input) { upload { id } userErrors { code message path } }
}`;
const EVENTS = `subscription UploadEvents($uploadId: ID!) {
  uploadEvents(uploadId: $uploadId) { __typename ... on UploadChanged { upload { ${STATE} } } }
}`;
const READ = `query Upload($uploadId: ID!) { node(id: $uploadId) { ... on Upload { ${STATE} } } }`;

/** Uploads a photo and shows each state on the way, the last included. */
export async function upload(file: File, show: (upload: Upload) => void): Promise<void> {
  const announced = await announce(file);
  show(announced);
  if (!isSettled(announced)) await sendAndWatch(file, announced, show);
}

/** Whether nothing more will happen by itself. Bytes that the server knows already are settled at once. */
export function isSettled({ status }: Upload): boolean {
  return status !== "AWAITING_BYTES" && status !== "PROCESSING";
}

async function announce(file: File): Promise<Upload> {
  const input = { contentType: file.type, byteSize: file.size, sha256: await sha256(file) };
  const { createUpload } = await data(CREATE, { input });
  if (!createUpload.upload) throw new Error(createUpload.userErrors[0].message);
  return createUpload.upload;
}

/** Listens first and sends then, so that no change is missed. */
async function sendAndWatch(file: File, announced: Upload, show: (upload: Upload) => void): Promise<void> {
  const { id, target } = announced;
  let isAwaited = announced.status === "AWAITING_BYTES";
  for await (const result of events({ query: EVENTS, variables: { uploadId: id } })) {
    const event: UploadEvent = orThrow(result).uploadEvents;
    if (event.__typename === "StreamOpened" && isAwaited) {
      isAwaited = false;
      await send(file, target);
      await complete(id);
      continue;
    }
    const upload = event.__typename === "UploadChanged" ? event.upload : await read(id);
    show(upload);
    if (isSettled(upload)) return;
  }
  show(await read(id));
}

async function read(uploadId: string): Promise<Upload> {
  return (await data(READ, { uploadId })).node;
}

async function send(file: File, target: Upload["target"]): Promise<void> {
  if (!target) throw new Error("The server did not say where to send the photo.");
  const address = fromHere(target.url);
  const headers = Object.fromEntries(target.headers.map(({ name, value }) => [name, value]));
  const response = await fetch(address, { method: "PUT", headers, body: file }).catch(() => {
    const { origin } = new URL(address);
    throw new Error(`Photos are sent to ${origin}, and this page could not. Does it let pages of other origins in (CORS)?`);
  });
  if (!response.ok) throw new Error(`The bytes were refused: HTTP ${response.status} ${await response.text()}`);
}

/** A store does not tell the server that the bytes are there. */
async function complete(uploadId: string): Promise<void> {
  const { completeUpload } = await data(COMPLETE, { input: { uploadId } });
  if (!completeUpload.upload) throw new Error(completeUpload.userErrors[0].message);
}

/** Of the machine's own addresses: `localhost` and `127.0.0.1` are the same server, but not to a browser. */
const OWN = ["localhost", "127.0.0.1", "[::1]"];

/** An address of this server as the page may use it. */
export function fromHere(address: string): string {
  const url = new URL(address);
  const isSame = OWN.includes(url.hostname) && OWN.includes(location.hostname) && url.port === location.port;
  return isSame ? `${location.origin}${url.pathname}${url.search}` : address;
}

/** Browsers compute it only on secure pages (HTTPS or localhost); elsewhere the server does without. */
async function sha256(file: File): Promise<string | null> {
  if (!crypto.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function data(query: string, variables: Record<string, unknown>) {
  return orThrow((await execute({ query, variables })).result);
}

function orThrow({ data, errors }: Result) {
  if (!data) throw new Error(errors?.[0]?.message ?? "The server gave no data.");
  return data;
}
