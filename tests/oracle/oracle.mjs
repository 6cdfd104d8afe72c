// Generated documents, answered by the server and by graphql-js over the same world: every answer must be the same.
//
//   node tests/oracle/oracle.mjs http://localhost:8080/graphql http://localhost:8081/graphql ACCESS_TOKEN
//
// The first server counts what it resolves and fails where an alias says so, as in `tests/it/oracle.rs`; the second is the
// same one as it comes.
//
// PHOTOGRAPH_ORACLE_SEED and PHOTOGRAPH_ORACLE_COUNT say which documents and how many; PHOTOGRAPH_ORACLE_ONLY is the
// number of a single one.

import { compared, dataOf, masked } from "./compare.mjs";
import { generate } from "./generate.mjs";
import { Random } from "./random.mjs";
import { NotRecorded, answer } from "./reference.mjs";
import { shrunk } from "./shrink.mjs";
import { spoiled } from "./spoil.mjs";
import { Table } from "./arguments.mjs";
import { World } from "./world.mjs";

const [recording, plain, token] = process.argv.slice(2);
const seed = Number(process.env.PHOTOGRAPH_ORACLE_SEED ?? 1);
const count = Number(process.env.PHOTOGRAPH_ORACLE_COUNT ?? 2000);
const only = process.env.PHOTOGRAPH_ORACLE_ONLY;
/** What documents come to: each must be among them, or the generator has lost something. */
const OUTCOMES = [
  ...["query 200", "query 294", "mutation 200", "mutation 294", "subscription 200", "GRAPHQL_PARSE_FAILED"],
  ...["GRAPHQL_VALIDATION_FAILED", "OPERATION_RESOLUTION_FAILURE", "BAD_USER_INPUT"],
];
const WHOLE = "application/graphql-response+json";
const STREAM = "text/event-stream";
/** Requests that are on their way at once. */
const AT_ONCE = 4;
/** Documents that are printed of each kind of difference. */
const EACH = Number(process.env.PHOTOGRAPH_ORACLE_SHOWN ?? 6);

const table = new Table(await ids());
const viewers = [
  // Streams that nobody may have are refused before there is an event.
  { name: "ada", token, kinds: ["query", "mutation", "subscription"] },
  { name: "nobody", token: undefined, kinds: ["query", "mutation"] },
];
for (const viewer of viewers) viewer.world = await World.record(asking(viewer.token), table, viewer.kinds);
const seen = { discarded: 0 };
const different = [];
const numbers = only ? [Number(only)] : Array.from({ length: count }, (_, number) => number);
const began = performance.now();
await Promise.all(Array.from({ length: AT_ONCE }, work));
await report();

/** Takes numbers of documents for as long as there are any. */
async function work() {
  for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
    const random = new Random(seed * 1_000_003 + number);
    const viewer = random.happens(0.85) ? viewers[0] : viewers[1];
    const good = generate(random, table, viewer.kinds);
    const request = random.happens(0.3) ? spoiled(random, good) : good;
    const outcome = await tried(viewer, request);
    if (outcome.differences.length) different.push({ number, viewer, request, ...outcome });
    const { discarded, expected } = outcome;
    const kind = discarded ? "discarded" : (expected.code ?? `${expected.kind} ${expected.status}`);
    seen[kind] = (seen[kind] ?? 0) + 1;
  }
}

/** The differences of a request's two answers. One that the world does not know the answer to is not sent. */
async function tried(viewer, request) {
  try {
    const expected = await answer(viewer.world, request);
    const form = expected.kind === "subscription" ? STREAM : WHOLE;
    const differences = compared(expected, await sent(recording, viewer.token, request, form));
    // What is refused never comes to execution, so once is enough.
    const others = expected.code ? [] : await differencesOfPlain(viewer, request, form);
    return { expected, differences: [...differences, ...others] };
  } catch (error) {
    if (error instanceof NotRecorded) return { discarded: true, differences: [] };
    throw error;
  }
}

/** The differences of the server as it comes: nothing fails by its alias, counts or masks its values. */
async function differencesOfPlain(viewer, request, form) {
  const expected = await answer(viewer.world, request, { fails: false });
  const actual = await sent(plain, viewer.token, request, form);
  const shown = { ...actual, data: JSON.stringify(masked(expected.data, actual.body.data)) };
  const found = compared({ ...expected, isCounted: false }, shown);
  return found.map((difference) => ({ ...difference, kind: `${difference.kind} (plain server)` }));
}

async function sent(address, token, { query, operationName, variables }, form = WHOLE) {
  const name = operationName === undefined ? "" : `"operationName":${JSON.stringify(operationName)},`;
  const response = await fetch(address, {
    method: "POST",
    headers: {
      accept: form,
      "content-type": "application/json",
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: `{"query":${JSON.stringify(query)},${name}"variables":${variables}}`,
  });
  const type = response.headers.get("content-type");
  const said = type?.startsWith(STREAM) ? await firstEvent(response) : await response.text();
  // Links are to the address that was asked, and there are two.
  const text = said.replaceAll(new URL(address).origin, "http://server");
  const body = JSON.parse(text);
  return { status: response.status, type, body, data: dataOf(text, body) };
}

/** The data of the first event of a stream; then it is closed. */
async function firstEvent(response) {
  let text = "";
  for await (const bytes of response.body) {
    text += Buffer.from(bytes).toString();
    const data = /^data: (.*)\n\n/m.exec(text);
    if (data) return data[1];
  }
  throw new Error(`A stream without an event: ${text}`);
}

function asking(token) {
  return async (query) => {
    const form = query.startsWith("subscription") ? STREAM : WHOLE;
    const { status, body } = await sent(recording, token, { query, variables: "{}" }, form);
    if (status !== 200 && status !== 294) throw new Error(`${status} ${JSON.stringify(body)} for ${shortened(query)}`);
    return body;
  };
}

/** An ID of each type that the viewer can see, and of what mutations can be about. */
async function ids() {
  const ask = asking(token);
  const { nodes } = await World.explore(ask, new Table({}));
  const ids = Object.fromEntries([...nodes].reverse().map(([id, { __typename }]) => [__typename, id]));
  const lists = "likedMedia { nodes { id } } savedMedia { nodes { id } } user { following { nodes { id } } }";
  const { viewer } = (await ask(`{ viewer { ${lists} } }`)).data;
  const first = (list) => list.nodes[0].id;
  const followed = first(viewer.user.following);
  return { ...ids, liked: first(viewer.likedMedia), saved: first(viewer.savedMedia), followed };
}

async function report() {
  const took = ((performance.now() - began) / 1000).toFixed(1);
  const objects = viewers[0].world.nodes.size;
  console.log(`Seed ${seed}, ${count} documents in ${took} s over ${objects} objects: ${JSON.stringify(seen)}`);
  const kindOf = ({ expected: { why }, differences: [{ kind, expected, actual }] }) =>
    kind === "status" ? `status ${actual} for ${expected}${why ? ` (${ruleOf(why)})` : ""}` : kind;
  for (const kind of new Set(different.map(kindOf))) {
    const some = different.filter((one) => kindOf(one) === kind);
    console.log(`\n== ${some.length} documents differ in: ${kind} ==`);
    for (const one of some.slice(0, EACH)) await show(one);
  }
  const lacking = only || count < 1000 ? [] : OUTCOMES.filter((outcome) => !seen[outcome]);
  if (lacking.length) console.log(`No document came out as: ${lacking.join(", ")}`);
  const isMostlyKnown = seen.discarded <= count / 25;
  if (!isMostlyKnown) console.log(`${seen.discarded} documents ask for what was not recorded.`);
  if (different.length || lacking.length || !isMostlyKnown) process.exitCode = 1;
}

async function show({ number, viewer, request, expected: { why }, differences: [first] }) {
  const isSame = ({ kind, expected, actual }) =>
    kind === first.kind && (kind !== "status" || (expected === first.expected && actual === first.actual));
  const differs = async (candidate) => {
    const { expected, differences } = await tried(viewer, candidate);
    return differences.some(isSame) && ruleOf(expected.why) === ruleOf(why);
  };
  const small = await shrunk(request, differs);
  const { expected, differences } = await tried(viewer, small);
  console.log(`\nDocument ${number} of seed ${seed}, asked by ${viewer.name}, made smaller:`);
  console.log(JSON.stringify({ operationName: small.operationName, variables: small.variables }));
  console.log(small.query);
  if (expected.why) console.log(`  graphql-js: ${expected.why}`);
  for (const { kind, expected, actual, why } of differences) {
    const said = why ? `${actual} (${why})` : actual;
    console.log(`  ${kind}: graphql-js ${shortened(expected)}`);
    console.log(`  ${" ".repeat(kind.length)}  the server ${shortened(said)}`);
  }
}

/** A message of graphql-js without what is particular to a document. */
function ruleOf(message) {
  return message?.replace(/"[^"]*"|\d+/g, "").split(/[.:;]/)[0];
}

function shortened(text) {
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
