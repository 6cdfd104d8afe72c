// Somebody who is signed in: asks and changes things with tokens that are renewed before they end.
import { network } from "./network";

/** The data is whatever the operation asked for; who asks knows its shape. */
type Data = any;

type Tokens = { accessToken: string; accessTokenExpiresAt: string; refreshToken: string };
type Problem = { code: string; message: string };

export type Seeded = { username: string; displayName: string; password: string };

/** An access token this close to its end is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000;
const TOKENS = "tokens { accessToken accessTokenExpiresAt refreshToken }";
const LOG_IN = `mutation($input: LogInInput!) { logIn(input: $input) { ${TOKENS} userErrors { code message } } }`;
const REFRESH = `mutation($input: RefreshSessionInput!) {
  refreshSession(input: $input) { ${TOKENS} userErrors { code message } }
}`;

export class Person {
  #renewal: Promise<Tokens> | null = null;

  private constructor(
    readonly name: string,
    readonly username: string,
    private tokens: Tokens,
  ) {}

  static async signIn({ username, displayName, password }: Seeded): Promise<Person> {
    const { logIn } = await data(await post(LOG_IN, { input: { login: username, password } }));
    return new Person(displayName, username, done(logIn).tokens);
  }

  async ask(query: string, variables: Data = {}): Promise<Data> {
    return data(await post(query, variables, await this.headers()));
  }

  /** Runs a mutation. What the server refuses is an error with its words. */
  async does(mutation: string, input: Data, selection: string): Promise<Data> {
    const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
    const query = `mutation($input: ${type}!) { ${mutation}(input: $input) { ${selection} userErrors { code message } } }`;
    return done((await this.ask(query, { input }))[mutation]);
  }

  /** An operation whose answers come one after the other. */
  async opens(query: string, variables: Data): Promise<Response> {
    return post(query, variables, { ...(await this.headers()), accept: "text/event-stream" });
  }

  private async headers(): Promise<Record<string, string>> {
    const isOld = Date.parse(this.tokens.accessTokenExpiresAt) - Date.now() < RENEW_BEFORE_MS;
    if (isOld) this.tokens = await (this.#renewal ??= this.renew().finally(() => (this.#renewal = null)));
    return { authorization: `Bearer ${this.tokens.accessToken}` };
  }

  /** A refresh token works once, so one request renews for all. */
  private async renew(): Promise<Tokens> {
    const { refreshSession } = await data(await post(REFRESH, { input: { refreshToken: this.tokens.refreshToken } }));
    return done(refreshSession).tokens;
  }
}

/** The people the server was seeded with. */
export async function seeded(): Promise<Seeded[]> {
  return (await network.fetch("/playground/people.json")).json();
}

/** What the server refused, or could not do: to try it again changes nothing. */
export class Refused extends Error {}

function post(query: string, variables: Data, headers: Record<string, string> = {}): Promise<Response> {
  return network.fetch("/graphql", {
    method: "POST",
    headers: { accept: "application/graphql-response+json", ...headers, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
}

async function data(response: Response): Promise<Data> {
  const { data, errors } = await response.json();
  if (!data) throw new Refused(errors?.[0]?.message ?? `The server answered ${response.status}.`);
  return data;
}

function done<T extends { userErrors: Problem[] }>(payload: T): T {
  const [problem] = payload.userErrors;
  if (problem) throw new Refused(problem.message);
  return payload;
}

/** Of the machine's own addresses: `localhost` and `127.0.0.1` are the same server, but not to a browser. */
const OWN = ["localhost", "127.0.0.1", "[::1]"];

/** An address of this server as the page may use it. */
export function fromHere(address: string): string {
  const url = new URL(address, location.href);
  const isSame = OWN.includes(url.hostname) && OWN.includes(location.hostname) && url.port === location.port;
  return isSame ? `${location.origin}${url.pathname}${url.search}` : url.href;
}
