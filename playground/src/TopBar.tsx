// The bar above GraphiQL: who is signed in, who else could be, and what GraphiQL itself cannot do.
import { useEffect } from "react";
import { createPortal } from "react-dom";
import { copy } from "./clipboard";
import icon from "./icon.svg";
import { People } from "./People";
import { currentPerson, freshPerson, session, signOut } from "./session";
import { attempt, notice, useStore } from "./store";
import { UploadPhoto } from "./UploadPhoto";

/** How long a notice stays: long enough to read a sentence or two. */
const NOTICE_MS = 8_000;

export function TopBar() {
  useStore(session);
  const bar = (
    <>
      <h1>
        <img src={icon} alt="" />
        photograph <span>playground</span>
      </h1>
      <People />
      {currentPerson() && <Actions />}
      <Notice />
    </>
  );
  return createPortal(bar, document.getElementById("top-bar")!);
}

function Actions() {
  return (
    <div className="actions">
      <UploadPhoto />
      <button onClick={() => attempt(copyToken)}>Copy token</button>
      <button onClick={() => attempt(signOut)}>Sign out</button>
    </div>
  );
}

async function copyToken(): Promise<void> {
  const person = await freshPerson();
  if (person) await copy(person.tokens.accessToken, "The access token is copied.");
}

function Notice() {
  const message = useStore(notice);
  useEffect(() => {
    const timer = setTimeout(() => notice.set(null), NOTICE_MS);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <output className="notice" hidden={!message}>
      {message}
      <button aria-label="Dismiss" onClick={() => notice.set(null)}>
        ✕
      </button>
    </output>
  );
}
