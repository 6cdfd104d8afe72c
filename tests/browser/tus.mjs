// The client of the tus project, against a server, through a network that is cut in the middle of a photo.
//
//   node tests/browser/tus.mjs BASE_URL UPLOAD_URL PHOTO

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { once } from "node:events";

const require = createRequire(new URL("../../playground/package.json", import.meta.url));
const tus = require("tus-js-client");

const [base, address, file] = process.argv.slice(2);
if (!file) {
  console.error("Usage: node tests/browser/tus.mjs BASE_URL UPLOAD_URL PHOTO");
  process.exit(1);
}

/** Bytes that get through before the network is cut. */
const CUT_AFTER = 600_000;
const CHUNK = 400_000;

const photo = readFileSync(file);
const proxy = await startProxy();
const offsets = [];
try {
  await new Promise((resolve, reject) => {
    const upload = new tus.Upload(photo, {
      uploadUrl: address.replace(new URL(base).host, `127.0.0.1:${proxy.port}`),
      chunkSize: CHUNK,
      retryDelays: [0, 50, 100, 200, 400],
      onAfterResponse: (request, response) => {
        if (request.getMethod() === "HEAD") offsets.push(Number(response.getHeader("Upload-Offset")));
      },
      onError: reject,
      onSuccess: resolve,
    });
    upload.start();
  });
  if (!proxy.wasCut()) throw new Error("The network was never cut.");
  const [first, second] = offsets;
  if (first !== 0 || !(second > 0 && second < photo.length)) {
    throw new Error(`It began anew instead of going on: ${offsets}`);
  }
  console.log(`It went on at ${second} of ${photo.length} bytes.`);
} catch (error) {
  console.error(`FAILED: ${error.stack}`);
  process.exitCode = 1;
}
process.exit();

/** Passes bytes on to the server, and breaks everything off once, in the middle. */
async function startProxy() {
  const { hostname, port } = new URL(base);
  const open = new Set();
  let passed = 0;
  let isCut = false;
  const cut = () => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ]) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => (open.delete(one), other.destroy()));
    }
    upstream.pipe(client);
    client.on("data", (bytes) => {
      upstream.write(bytes);
      passed += bytes.length;
      if (!isCut && passed > CUT_AFTER) cut();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: server.address().port, wasCut: () => isCut };
}
