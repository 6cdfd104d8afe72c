// Runs operations as the person at the keyboard: over HTTP, and subscriptions over one socket for each person.
import type { Fetcher } from "@graphiql/toolkit";
import { Kind, parse, type DefinitionNode, type OperationDefinitionNode } from "graphql";
import { createClient, type Client } from "graphql-ws";
import { bearer, ENDPOINT, post, type Answer, type Operation, type Result } from "./http";
import { adoptFrom, currentPerson, freshPerson, renew, session } from "./session";
import { attempt, messageOf, Store } from "./store";

/** What came back for the operation in GraphiQL: the one answer of a request, or the events of a subscription. */
export type Reply = { label: string; result: Result };
export const replies = new Store<Reply[]>([]);

/** How many events of a subscription are kept to look back at. */
const KEPT_REPLIES = 50;

/** Sends an operation with the token of the person at the keyboard, renewed when the server no longer takes it. */
export async function execute(operation: Operation, headers: Record<string, string> = {}): Promise<Answer> {
  const person = await freshPerson();
  if (!person || hasOwnAuthorization(headers)) return post(operation, headers);
  const answer = await post(operation, { ...bearer(person.tokens.accessToken), ...headers });
  if (!isUnauthenticated(answer.result)) return answer;
  const renewed = await renew(person);
  return renewed ? post(operation, { ...bearer(renewed.tokens.accessToken), ...headers }) : answer;
}

/** The events of a subscription, of the person at the keyboard. */
export async function* events(operation: Operation): AsyncGenerator<Result> {
  try {
    yield* socket().iterate(operation);
  } catch (error) {
    throw new Error(explain(error));
  }
}

/** How GraphiQL reaches the server. Its type wants errors with all that GraphQL.js adds; it shows them as they come. */
export const fetcher = ((params, options) => {
  const definition = definitionOf(params);
  const operation = definition ? { ...params, operationName: definition.name?.value } : params;
  return definition?.operation === "subscription" ? listen(operation) : request(operation, options?.headers);
}) as Fetcher;

async function request(operation: Operation, headers?: Record<string, string>): Promise<Result> {
  const { status, milliseconds, result } = await execute(operation, headers);
  if (operation.operationName === "IntrospectionQuery") return result;
  replies.set([{ label: `HTTP ${status} · ${milliseconds} ms`, result }]);
  attempt(() => adoptFrom(result));
  return result;
}

function listen(operation: Operation) {
  replies.set([]);
  const subscribe = (sink: { next(result: Result): void; error(error: unknown): void; complete(): void }) => ({
    unsubscribe: socket().subscribe<Result["data"]>(operation, {
      next(result) {
        replies.set([...replies.get(), { label: labelOf(result), result }].slice(-KEPT_REPLIES));
        sink.next(result);
      },
      error: (error) => sink.error(Array.isArray(error) ? error : { message: explain(error) }),
      complete: () => sink.complete(),
    }),
  });
  return { subscribe };
}

let client: { username?: string; socket: Client } | null = null;

/** The socket of the person at the keyboard; it opens with the first subscription. */
function socket(): Client {
  client ??= { username: currentPerson()?.username, socket: openLazily() };
  return client.socket;
}

function openLazily(): Client {
  const url = new URL(ENDPOINT, location.href.replace(/^http/, "ws")).href;
  return createClient({ url, lazy: true, connectionParams });
}

async function connectionParams(): Promise<Record<string, string>> {
  const person = await freshPerson();
  return person ? bearer(person.tokens.accessToken) : {};
}

session.watch(() => {
  if (!client || client.username === currentPerson()?.username) return;
  void client.socket.dispose();
  client = null;
});

/** What will run. GraphiQL says so, too, but speaks of the last tab for a tenth of a second after a change of tabs. */
function definitionOf({ query, operationName }: Operation): OperationDefinitionNode | undefined {
  const operations = definitionsIn(query).filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const only = operations.length === 1 ? operations[0] : undefined;
  return only ?? operations.find(({ name }) => name?.value === operationName);
}

/** Nothing when it cannot be parsed: the server will say why. */
function definitionsIn(query: string): readonly DefinitionNode[] {
  try {
    return parse(query).definitions;
  } catch {
    return [];
  }
}

function hasOwnAuthorization(headers: Record<string, string>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
}

function isUnauthenticated({ errors }: Result): boolean {
  return (errors ?? []).some(({ extensions }) => extensions?.code === "UNAUTHENTICATED");
}

/** The kind of event, as in `MediaAdded`. */
function labelOf({ data }: Result): string {
  const [event] = Object.values<{ __typename?: string }>(data ?? {});
  return event?.__typename ?? "Event";
}

/** What a socket reports as an error: the errors of GraphQL, the event that closed it, or a mistake of this page. */
function explain(error: unknown): string {
  if (Array.isArray(error)) return messageOf(error[0]);
  if (error instanceof CloseEvent) return `The socket was closed: ${error.code} ${error.reason}`.trim();
  return messageOf(error);
}
