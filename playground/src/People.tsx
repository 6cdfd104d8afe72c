// Who is at the keyboard, who else is signed in in this tab, and whom one click signs in.
import { useRef, useState, type CSSProperties } from "react";
import { seededPeople, session, signIn, switchTo, type SeededPerson } from "./session";
import { attempt, useStore } from "./store";

export function People() {
  const { people, current } = useStore(session);
  return (
    <nav className="people" aria-label="People">
      <span className="who">{current ? "Signed in as" : "Not signed in"}</span>
      <div className="chips">
        {people.map(({ username, displayName }) => (
          <button
            key={username}
            className="chip"
            data-username={username}
            aria-pressed={username === current}
            title={`${displayName} @${username}`}
            onClick={() => switchTo(username)}
          >
            <Face username={username} name={displayName} />
            {displayName}
          </button>
        ))}
      </div>
      <SignInMenu />
    </nav>
  );
}

/** Asks who there is each time it opens: a server can be seeded while the page is open. */
function SignInMenu() {
  const [seeded, setSeeded] = useState<SeededPerson[] | null>(null);
  const load = () => attempt(async () => setSeeded(await seededPeople()));
  return (
    <>
      <button popoverTarget="sign-in">Sign in as… ▾</button>
      <div id="sign-in" popover="auto" onToggle={({ newState }) => newState === "open" && load()}>
        {seeded?.length === 0 && <NobodySeeded />}
        {seeded && seeded.length > 0 && <SeededList seeded={seeded} />}
      </div>
    </>
  );
}

function NobodySeeded() {
  return (
    <p>
      Run <code>photograph seed</code> for a lively world, or use the Sign up tab.
    </p>
  );
}

function SeededList({ seeded }: { seeded: SeededPerson[] }) {
  const [words, setWords] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const matching = seeded.filter(({ displayName, username }) =>
    `${displayName} @${username}`.toLowerCase().includes(words.toLowerCase()),
  );
  const choose = (person: SeededPerson) => {
    list.current?.closest<HTMLElement>("[popover]")?.hidePopover();
    attempt(() => signIn(person));
  };
  return (
    <div ref={list}>
      <input
        type="search"
        placeholder="Find someone"
        value={words}
        onChange={(event) => setWords(event.target.value)}
      />
      <ul>
        {matching.map((person) => (
          <li key={person.username}>
            <button data-username={person.username} onClick={() => choose(person)}>
              <Face username={person.username} name={person.displayName} />
              {person.displayName} <small>@{person.username}</small>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The first letter of a name, in a color of its own. */
function Face({ username, name }: { username: string; name: string }) {
  const hue = [...username].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)!) % 360, 7);
  return (
    <i className="face" style={{ "--hue": hue } as CSSProperties} aria-hidden>
      {[...name][0]}
    </i>
  );
}
