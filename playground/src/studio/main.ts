// The studio: two people on one page. One publishes a photo, and it arrives in the live feed of the other.
//
// It is also the reference client, in plain TypeScript: `upload.ts` for photos over networks that break, `stream.ts` for
// subscriptions that go on where they stopped, `network.ts` for trying again.
import { compose } from "./compose";
import { show } from "./feed";
import { network, type State } from "./network";
import { Person, seeded, type Seeded } from "./person";

const FOLLOWED = "query { viewer { user { following(first: 100) { nodes { username } } } } }";

const part = (id: string) => document.getElementById(id)!;

part("network").addEventListener("change", ({ target }) => network.set((target as HTMLInputElement).value as State));

start().catch((error: unknown) => {
  const said = document.querySelector<HTMLOutputElement>(".said")!;
  said.textContent = error instanceof Error ? error.message : String(error);
  said.classList.add("bad");
});

async function start(): Promise<void> {
  const people = await seeded();
  const [first] = people;
  if (!first) throw new Error("Nobody is here yet: run `photograph seed` and come back.");
  const watching = await Person.signIn(first);
  const publishing = await Person.signIn(await followedBy(watching, people));
  part("compose-title").textContent = `${publishing.name} publishes`;
  part("feed-title").textContent = `${watching.name}’s feed`;
  compose(publishing, part("compose"));
  await show(watching, part("feed"));
}

/** Somebody the first person follows, so that what they publish arrives. */
async function followedBy(person: Person, people: Seeded[]): Promise<Seeded> {
  const { nodes } = (await person.ask(FOLLOWED)).viewer.user.following;
  const names = nodes.map(({ username }: { username: string }) => username);
  const found = people.find(({ username }) => names.includes(username));
  if (!found) throw new Error(`${person.name} follows nobody yet: run \`photograph seed\` again.`);
  return found;
}
