// The people who are signed in in this browser tab, and which of them is at the keyboard.
// Kept in sessionStorage, which is not shared between tabs: two tabs can be two people.
import { bearer, post, type Operation, type Result } from "./http";
import { notice, Store } from "./store";

export type Tokens = {
  accessToken: string;
  accessTokenExpiresAt?: string;
  refreshToken?: string;
};

export type Person = { username: string; displayName: string; tokens: Tokens };

/** Someone the server was seeded with, whose password is no secret. */
export type SeededPerson = { username: string; displayName: string; password: string };

type Session = { people: Person[]; current: string | null };

const STORAGE_KEY = "photograph:session";
/** An access token this close to its end is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;

const NOBODY = `{ "people": [], "current": null }`;

export const session = new Store<Session>(JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? NOBODY));
session.watch((value) => sessionStorage.setItem(STORAGE_KEY, JSON.stringify(value)));

const TOKENS = "tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt }";
const USER_ERRORS = "userErrors { code message path }";
const LOG_IN = `mutation LogIn($input: LogInInput!) {
  logIn(input: $input) { viewer { id user { id username displayName } } ${TOKENS} ${USER_ERRORS} }
}`;
const REFRESH = `mutation RefreshSession($input: RefreshSessionInput!) {
  refreshSession(input: $input) { ${TOKENS} ${USER_ERRORS} }
}`;
const LOG_OUT = `mutation LogOut { logOut { ${USER_ERRORS} } }`;
const WHO = "query Who { viewer { id user { id username displayName } } }";

export function currentPerson(): Person | undefined {
  return knownAs(session.get().current);
}

function knownAs(name: string | null): Person | undefined {
  return session.get().people.find(({ username }) => username === name);
}

export function switchTo(username: string): void {
  session.set({ ...session.get(), current: username });
}

export async function seededPeople(): Promise<SeededPerson[]> {
  const response = await fetch("/playground/people.json");
  return response.ok ? response.json() : [];
}

export async function signIn({ username, password }: SeededPerson): Promise<void> {
  if (knownAs(username)) return switchTo(username);
  const input = { login: username, password };
  const { viewer, tokens, userErrors } = await ask("logIn", { query: LOG_IN, variables: { input } });
  if (!tokens) throw new Error(userErrors[0].message);
  remember(viewer.user, tokens);
}

/** Becomes whoever just signed up or logged in by an operation of their own. */
export async function adoptFrom(result: Result): Promise<void> {
  const tokens = result.data?.signUp?.tokens ?? result.data?.logIn?.tokens;
  if (!tokens?.accessToken) return;
  const viewer = await ask("viewer", { query: WHO }, bearer(tokens.accessToken));
  remember(viewer.user, tokens);
}

export async function signOut(): Promise<void> {
  const person = await freshPerson();
  if (!person) return;
  forget(person);
  await ask("logOut", { query: LOG_OUT }, bearer(person.tokens.accessToken));
}

/** The person at the keyboard, with an access token that works for some time yet; null when nobody is signed in. */
export async function freshPerson(): Promise<Person | null> {
  const person = currentPerson();
  if (!person) return null;
  const end = Date.parse(person.tokens.accessTokenExpiresAt ?? "");
  return end - Date.now() < RENEW_BEFORE_MS ? renew(person) : person;
}

const renewals = new Map<string, Promise<Person | null>>();

/** Renews the tokens of a person: once, however many requests found them old at the same time. */
export async function renew(person: Person): Promise<Person | null> {
  const known = knownAs(person.username);
  if (known && known.tokens.accessToken !== person.tokens.accessToken) return known;
  const running = renewals.get(person.username) ?? exchange(person).finally(() => renewals.delete(person.username));
  renewals.set(person.username, running);
  return running;
}

/** A refresh token works once. */
async function exchange(person: Person): Promise<Person | null> {
  const { refreshToken } = person.tokens;
  const { tokens } = await ask("refreshSession", { query: REFRESH, variables: { input: { refreshToken } } });
  if (tokens) return replace({ ...person, tokens });
  forget(person);
  notice.set(`The session of ${person.displayName} has ended. Sign in again.`);
  return null;
}

function remember({ username, displayName }: Omit<Person, "tokens">, tokens: Tokens): void {
  replace({ username, displayName, tokens });
  switchTo(username);
}

function replace(person: Person): Person {
  const { people, current } = session.get();
  const updated = knownAs(person.username)
    ? people.map((known) => (known.username === person.username ? person : known))
    : [...people, person];
  session.set({ people: updated, current });
  return person;
}

function forget({ username }: Person): void {
  const { people, current } = session.get();
  session.set({
    people: people.filter((person) => person.username !== username),
    current: current === username ? null : current,
  });
}

/** The value of a root field, or an error that says why there is none. User errors are part of the value. */
async function ask(field: string, operation: Operation, headers?: Record<string, string>) {
  const { result } = await post(operation, headers);
  const value = result.data?.[field];
  if (!value) throw new Error(result.errors?.[0]?.message ?? `The server gave no ${field}.`);
  return value;
}
