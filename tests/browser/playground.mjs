// The playground in a real browser, against a seeded server: one person listens to their home feed, another
// publishes a photo, and it arrives. Along the way nothing may break the Content Security Policy, complain in the
// console or reach for another host.
//
//   node tests/browser/playground.mjs http://localhost:8080 folder-for-screenshots photo.jpg [address-of-the-store]

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { inChromium, watchedPage } from "./browser.mjs";

const [base, folder, photo, store] = process.argv.slice(2);
if (!photo) {
  console.error("Usage: node tests/browser/playground.mjs BASE_URL SCREENSHOT_FOLDER PHOTO [STORE_URL]");
  process.exit(1);
}
mkdirSync(folder, { recursive: true });

let stage = 0;

await inChromium(async (browser) => {
  await story(await browser.newContext({ viewport: { width: 1440, height: 900 } }));
  console.log("The playground works.");
});

async function story(context) {
  const [follower, followed] = await twoPeople();
  console.log(`@${follower.username} follows @${followed.username}.`);

  const listening = await open(context, "light");
  await signIn(listening, follower);
  await run(listening, "HomeFeed");
  await response(listening, "a media in the home feed", /"id": "(med_[^"]+)"/);
  await picture(listening, "home-feed");
  await run(listening, "HomeFeedEvents");
  await reply(listening, "StreamOpened");
  await picture(listening, "listening");

  const publishing = await open(context, "dark");
  await signIn(publishing, followed);
  await upload(publishing);
  await execute(publishing);
  const mediaId = await response(publishing, "the published media", /"id": "(med_[^"]+)"/);
  await picture(publishing, "published");

  await reply(listening, "MediaAdded");
  await response(listening, `${mediaId} arriving`, new RegExp(`"id": "(${mediaId})"`));
  await picture(listening, "arrived");
}

/** The first seeded person, and another seeded person they follow. */
async function twoPeople() {
  const people = await (await fetch(`${base}/playground/people.json`)).json();
  const [follower] = people;
  if (!follower) throw new Error("Nobody is in people.json: seed the server first.");
  const input = { login: follower.username, password: follower.password };
  const { logIn } = await graphql("mutation($input: LogInInput!) { logIn(input: $input) { tokens { accessToken } } }", {
    input,
  });
  const { user } = await graphql(
    "query($username: String!) { user(by: { username: $username }) { following(first: 100) { nodes { username } } } }",
    { username: follower.username },
    logIn.tokens.accessToken,
  );
  const followed = people.find((person) => user.following.nodes.some(({ username }) => username === person.username));
  if (!followed) throw new Error(`@${follower.username} follows nobody in people.json.`);
  return [follower, followed];
}

async function graphql(query, variables, token) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(errors[0].message);
  return data;
}

async function open(context, colorScheme) {
  const page = await watchedPage(context, colorScheme, [base, store ?? base]);
  await page.goto(`${base}/playground`);
  await page.locator(".graphiql-query-editor .view-line").first().waitFor();
  await picture(page, "opened");
  return page;
}

async function signIn(page, { username }) {
  await page.getByRole("button", { name: "Sign in as" }).click();
  await page.locator(`#sign-in [data-username="${username}"]`).click();
  await page.locator(`.chip[data-username="${username}"][aria-pressed="true"]`).waitFor();
  await picture(page, `signed-in-${username}`);
}

/** Opens a ready tab by the name of its operation and runs it. */
async function run(page, operation) {
  await page.locator(`.graphiql-tab [title="${operation}"]`).click();
  await execute(page);
}

async function execute(page) {
  await page.locator(".graphiql-execute-button").click();
}

async function upload(page) {
  const chooser = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Upload a photo" }).click();
  await (await chooser).setFiles(photo);
  const dialog = page.locator("dialog.upload");
  await dialog.waitFor();
  await dialog.locator("progress").waitFor({ state: "detached" });
  const publish = page.getByRole("button", { name: "Open in the Publish tab" });
  if (!(await publish.isVisible()))
    throw new Error(`The upload failed: ${await dialog.getByRole("status").textContent()}`);
  await dialog.locator("img").evaluate((image) => image.decode());
  await picture(page, "uploaded");
  await publish.click();
}

/** Waits for an event of a subscription in the list under the response, and shows it. */
async function reply(page, typename) {
  await expected(page, `the event ${typename}`, page.locator(".replies button", { hasText: typename }).first().click());
}

/** Waits until a line of the response matches, and returns what it captures. */
async function response(page, what, pattern) {
  const found = page.waitForFunction((source) => {
    const lines = [...document.querySelectorAll(".graphiql-response .view-line")];
    const matches = lines.map(({ textContent }) => textContent.replaceAll("\u00a0", " ").match(new RegExp(source)));
    return matches.find(Boolean)?.[1];
  }, pattern.source);
  return (await expected(page, what, found)).jsonValue();
}

async function expected(page, what, promise) {
  try {
    return await promise;
  } catch (error) {
    await picture(page, "failed");
    const shown = await page.locator(".graphiql-response").innerText();
    throw new Error(`There was no sign of ${what} (${error.message.split("\n")[0]}). The response was:\n${shown}`);
  }
}

async function picture(page, name) {
  stage += 1;
  await page.screenshot({ path: join(folder, `${String(stage).padStart(2, "0")}-${name}.png`) });
  console.log(`${stage}. ${name}`);
}
