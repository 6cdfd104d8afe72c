// The live feed of somebody else: read once with its position, then followed from there. What comes is put in place, what
// goes is taken out, and after a break nothing is missing.
import { fromHere, type Person } from "./person";
import { follow, type StreamEvent } from "./stream";
import { persist } from "./upload";

/** Media on the page. */
const SHOWN = 12;

const MEDIA = `id caption { plain entities { __typename offset length } } publishedAt contentWarning
  owner { username displayName }
  photos { altText dominantColor width height image(size: STANDARD) { url } }`;
const READ = `query($first: Int) {
  streamCursor
  viewer { homeFeed(first: $first) { nodes { ${MEDIA} } } }
}`;
const EVENTS = `subscription($after: StreamCursor) {
  homeFeedEvents(after: $after) {
    __typename
    ... on StreamEvent { cursor }
    ... on StreamOpened { recovery }
    ... on StreamClosing { reconnectAfterMs }
    ... on MediaAdded { media { ${MEDIA} } }
    ... on MediaUpdated { media { ${MEDIA} } }
    ... on MediaRemoved { mediaId }
  }
}`;

type Photo = { altText: string | null; dominantColor: string; width: number; height: number; image: { url: string } };
type Entity = { __typename: string; offset: number; length: number };
type Media = {
  id: string;
  caption: { plain: string; entities: Entity[] } | null;
  publishedAt: string;
  contentWarning: string | null;
  owner: { username: string; displayName: string };
  photos: Photo[];
};

export async function show(person: Person, section: HTMLElement): Promise<void> {
  const list = section.querySelector("ol")!;
  const live = section.querySelector<HTMLElement>(".live")!;
  const say = (state: string, words: string) => {
    live.dataset.state = state;
    live.textContent = words;
  };
  const read = () => persist(() => person.ask(READ, { first: SHOWN }));
  const fill = (state: any) => list.replaceChildren(...state.viewer.homeFeed.nodes.map(card));
  const first = await read();
  fill(first);
  let hasBroken = false;
  await follow(person, EVENTS, first.streamCursor, {
    lost: () => {
      hasBroken = true;
      say("lost", "Away. Coming back…");
    },
    hear: async (event: StreamEvent) => {
      if (event.__typename === "StreamOpened") {
        if (event.recovery === "GAP") fill(await read());
        say("live", hasBroken ? "Live, nothing missed" : "Live");
      } else if (event.__typename === "MediaRemoved") find(list, event.mediaId)?.remove();
      else if (event.media) put(list, event.media);
    },
  });
}

/** In its place when it is there, on top when it is new. */
function put(list: HTMLElement, media: Media): void {
  const there = find(list, media.id);
  const made = card(media);
  if (there) return there.replaceWith(made);
  made.classList.add("new");
  list.prepend(made);
  while (list.children.length > SHOWN) list.lastElementChild!.remove();
}

function find(list: HTMLElement, id: string): HTMLElement | null {
  return list.querySelector(`[data-media="${id}"]`);
}

function card(media: Media): HTMLElement {
  const { displayName, username } = media.owner;
  const item = element("li", { "data-media": media.id });
  const head = element("div", { class: "owner" });
  const face = element("i", { class: "face", style: `--hue: ${hue(username)}`, "aria-hidden": "true" });
  face.textContent = [...displayName][0] ?? "";
  const time = element("time", { datetime: media.publishedAt });
  time.textContent = new Date(media.publishedAt).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  head.append(face, strong(displayName), small(`@${username}`), time);
  item.append(head, covered(media.contentWarning, picture(media.photos[0]!)));
  if (media.caption) item.append(words(media.caption));
  return item;
}

/** What some may not want to see is seen by who asks for it. */
function covered(warning: string | null, photo: HTMLElement): HTMLElement {
  if (!warning) return photo;
  const cover = element("details", {});
  const said = Object.assign(element("summary", {}), { textContent: warning });
  cover.append(said, photo);
  return cover;
}

/** A place of the photo's shape and color, until the photo is there. */
function picture({ width, height, dominantColor, altText, image }: Photo): HTMLElement {
  const style = `aspect-ratio: ${width} / ${height}; background: ${dominantColor}`;
  return element("img", { src: fromHere(image.url), alt: altText ?? "", style });
}

/** Entities are counted in code points, strings of JavaScript in UTF-16. */
function words({ plain, entities }: NonNullable<Media["caption"]>): HTMLElement {
  const letters = [...plain];
  const text = element("p", {});
  let end = 0;
  for (const { offset, length } of entities) {
    const found = element("b", {});
    found.textContent = letters.slice(offset, offset + length).join("");
    text.append(letters.slice(end, offset).join(""), found);
    end = offset + length;
  }
  text.append(letters.slice(end).join(""));
  return text;
}

function strong(text: string): HTMLElement {
  return Object.assign(element("strong", {}), { textContent: text });
}

function small(text: string): HTMLElement {
  return Object.assign(element("small", {}), { textContent: text });
}

function element(name: string, attributes: Record<string, string>): HTMLElement {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/** A color of its own for everybody. */
function hue(username: string): number {
  return [...username].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 360, 7);
}
