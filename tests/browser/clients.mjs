// The clients people use, cut off and going on: graphql-sse, graphql-ws, Apollo Client and urql, each over every transport
// it speaks, and the EventSource of a real browser. Each listens to a media through a proxy that is cut while somebody
// comments, and must hear every comment once.
//
//   node --experimental-websocket tests/browser/clients.mjs http://localhost:8080 MEDIA_ID ACCESS_TOKEN

import { once } from "node:events";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";

const require = createRequire(new URL("../../playground/package.json", import.meta.url));
const sse = require("graphql-sse");
const ws = require("graphql-ws");
const { ApolloClient, HttpLink, InMemoryCache, gql } = require("@apollo/client");
const { GraphQLWsLink } = require("@apollo/client/link/subscriptions");
const { Client: Urql, fetchExchange, subscriptionExchange } = require("@urql/core");
const { chromium } = require("playwright-core");

const [base, media, token] = process.argv.slice(2);
if (!token) {
  console.error("Usage: node --experimental-websocket tests/browser/clients.mjs BASE_URL MEDIA_ID ACCESS_TOKEN");
  process.exit(1);
}

/** How long an event may take; a browser waits three seconds before it connects again. */
const PATIENCE_MS = 20_000;
const AGAIN_MS = 100;

const SUBSCRIPTION = `subscription($id: ID!, $after: StreamCursor) {
  mediaEvents(mediaId: $id, after: $after) {
    __typename
    ... on StreamEvent { cursor }
    ... on StreamOpened { recovery }
    ... on CommentAdded { comment { id text { plain } } }
    ... on MediaCountsChanged { media { id commentCount } }
  }
}`;

try {
  await story("graphql-sse", bySse);
  await story("graphql-ws", byWebSocket);
  await story("Apollo Client, multipart", byApolloOverHttp);
  await story("Apollo Client, graphql-ws", byApolloOverWebSocket);
  await story("urql, server-sent events", byUrqlOverHttp);
  await story("urql, graphql-ws", byUrqlOverWebSocket);
  await story("EventSource", byEventSource);
  await cacheFollows();
  console.log("The clients go on where they were cut off.");
} catch (error) {
  console.error(`FAILED: ${error.stack}`);
  process.exitCode = 1;
}
process.exit();

/** Listens, is cut off while a comment comes, and goes on. */
async function story(name, listen) {
  const proxy = await startProxy();
  const heard = [];
  const stop = await listen(proxy.url, (event) => heard.push(event));
  try {
    const until = (what, is) => eventually(`${name}: ${what}`, heard, is);
    const comments = () => heard.filter(({ comment }) => comment).map(({ comment }) => comment.text.plain);
    const openings = () => heard.filter(({ recovery }) => recovery).map(({ recovery }) => recovery);
    await until("the stream opens", () => openings().length === 1);
    await comment(`${name} one`);
    await until("the first comment", () => comments().length === 1);
    proxy.cut();
    await comment(`${name} two`);
    proxy.mend();
    await until("the stream opens again", () => openings().length === 2);
    await comment(`${name} three`);
    await until("the third comment", () => comments().includes(`${name} three`));
    equal(comments(), [`${name} one`, `${name} two`, `${name} three`]);
    equal(openings(), ["NEW", "RECOVERED"]);
    console.log(name);
  } finally {
    await stop();
    proxy.cut();
  }
}

// Both libraries send the same variables again when they connect again: the cursor of the last event goes in there.

function bySse(url, hear) {
  const variables = { id: media };
  const client = sse.createClient({ url: `${url}/graphql`, retryAttempts: 100, retry: () => sleep(AGAIN_MS) });
  client.subscribe({ query: SUBSCRIPTION, variables }, sink(variables, hear));
  return () => client.dispose();
}

function byWebSocket(url, hear) {
  const variables = { id: media };
  const client = ws.createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    retryAttempts: 100,
    retryWait: () => sleep(AGAIN_MS),
    shouldRetry: () => true,
  });
  client.subscribe({ query: SUBSCRIPTION, variables }, sink(variables, hear));
  return () => client.dispose();
}

function sink(variables, hear) {
  const next = ({ data, errors }) => {
    if (errors) throw new Error(errors[0].message);
    variables.after = data.mediaEvents.cursor;
    hear(data.mediaEvents);
  };
  const error = (problem) => hear({ __typename: `the client gave up: ${problem?.message ?? problem}` });
  return { next, error, complete() {} };
}

// Apollo Client and urql know nothing of cursors: an app subscribes again after the last event, as told in the README.

async function byApolloOverHttp(url, hear) {
  const client = await apollo(new HttpLink({ uri: `${url}/graphql` }));
  return goOn((variables, sink) => client.subscribe({ query: gql(SUBSCRIPTION), variables }).subscribe(sink), hear);
}

async function byApolloOverWebSocket(url, hear) {
  const client = await apollo(new GraphQLWsLink(socketThatGivesUp(url)));
  return goOn((variables, sink) => client.subscribe({ query: gql(SUBSCRIPTION), variables }).subscribe(sink), hear);
}

function byUrqlOverHttp(url, hear) {
  return byUrql(url, fetchExchange, hear);
}

function byUrqlOverWebSocket(url, hear) {
  const socket = socketThatGivesUp(url);
  const forwardSubscription = (operation) => ({
    subscribe: (sink) => ({ unsubscribe: socket.subscribe({ ...operation, query: operation.query ?? "" }, sink) }),
  });
  return byUrql(url, subscriptionExchange({ forwardSubscription }), hear);
}

function byUrql(url, exchange, hear) {
  const client = new Urql({ url: `${url}/graphql`, exchanges: [exchange], fetchSubscriptions: true, preferGetMethod: false });
  const subscribe = (variables, sink) => client.subscription(SUBSCRIPTION, variables).subscribe((result) => sink.next(result));
  return goOn(subscribe, hear);
}

/** Subscribes, and again after the last event whenever the subscription fails. */
function goOn(subscribe, hear) {
  let after, current, hasStopped = false;
  const begin = () => {
    if (hasStopped) return;
    let hasFailed = false;
    const fail = () => {
      if (hasFailed) return;
      hasFailed = true;
      setTimeout(begin, AGAIN_MS);
    };
    const next = ({ data, error }) => {
      if (error || !data) return fail();
      after = data.mediaEvents.cursor;
      hear(data.mediaEvents);
    };
    current = subscribe({ id: media, after }, { next, error: fail, complete: fail });
  };
  begin();
  return () => {
    hasStopped = true;
    current.unsubscribe();
  };
}

function socketThatGivesUp(url) {
  return ws.createClient({ url: `${url.replace("http", "ws")}/graphql`, retryAttempts: 0 });
}

/** Apollo Client with what it must know of interfaces and unions, as its code generators ask for it. */
async function apollo(link) {
  const { data } = await post("{ __schema { types { name possibleTypes { name } } } }");
  const abstract = data.__schema.types.filter((type) => type.possibleTypes);
  const names = (type) => type.possibleTypes.map(({ name }) => name);
  const possibleTypes = Object.fromEntries(abstract.map((type) => [type.name, names(type)]));
  return new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
}

/** What a stream tells of a media changes it everywhere in a normalised cache, by its ID and without a line of code. */
async function cacheFollows() {
  const client = await apollo(new HttpLink({ uri: `${base}/graphql` }));
  const query = gql("query($id: ID!) { node(id: $id) { id ... on Media { commentCount } } }");
  const shown = [];
  const watching = client.watchQuery({ query, variables: { id: media } });
  const screen = watching.subscribe(({ data }) => data?.node && shown.push(data.node.commentCount));
  await eventually("Apollo Client: the media is shown", shown, () => shown.length === 1);
  const events = client.subscribe({ query: gql(SUBSCRIPTION), variables: { id: media } });
  const heard = [];
  const stream = events.subscribe(({ data }) => data && heard.push(data.mediaEvents));
  await eventually("Apollo Client: the stream opens", heard, () => heard.length > 0);
  await comment("for the cache");
  await eventually("Apollo Client: the screen follows", shown, () => shown.at(-1) === shown[0] + 1);
  stream.unsubscribe();
  screen.unsubscribe();
  console.log("Apollo Client, cache");
}

/** The browser says by itself, in `Last-Event-ID`, what it heard last: nothing is written for that here. */
async function byEventSource(url, hear) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  });
  const page = await browser.newPage();
  await page.exposeFunction("hear", hear);
  await page.goto(`${base}/livez`);
  const query = new URLSearchParams({ query: SUBSCRIPTION, variables: JSON.stringify({ id: media }) });
  await page.evaluate((address) => {
    const source = new EventSource(address);
    source.addEventListener("next", ({ data }) => hear(JSON.parse(data).data.mediaEvents));
    source.addEventListener("complete", () => source.close());
  }, `${url}/graphql?${query}`);
  return () => browser.close();
}

/** Passes bytes on to the server, until it is cut. */
async function startProxy() {
  const { hostname, port } = new URL(base);
  const open = new Set();
  let isCut = false;
  const server = createServer((client) => {
    if (isCut) return client.destroy();
    const upstream = connect(Number(port), hostname);
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => (open.delete(one), other.destroy()));
      one.pipe(other);
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    isCut = true;
    for (const socket of open) socket.destroy();
  };
  return { url: `http://127.0.0.1:${server.address().port}`, cut, mend: () => (isCut = false) };
}

async function comment(text) {
  const query = "mutation($input: AddCommentInput!) { addComment(input: $input) { comment { id } } }";
  const { data, errors } = await post(query, { input: { mediaId: media, text } });
  if (!data?.addComment?.comment) throw new Error(`The comment was refused: ${JSON.stringify(errors ?? data)}`);
}

async function post(query, variables) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

async function eventually(what, heard, is) {
  const end = Date.now() + PATIENCE_MS;
  while (!is()) {
    if (Date.now() > end) throw new Error(`Not in time: ${what}. Heard: ${JSON.stringify(heard)}`);
    await sleep(AGAIN_MS);
  }
}

function equal(found, expected) {
  if (JSON.stringify(found) !== JSON.stringify(expected))
    throw new Error(`Expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}.`);
}

function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
