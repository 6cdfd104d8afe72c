// One GraphQL request over HTTP, and its answer as it came.
import type { FormattedExecutionResult } from "graphql";

export const ENDPOINT = "/graphql";

export type Operation = {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
};

/** The data is whatever the operation asked for; who asks knows its shape. */
export type Result = FormattedExecutionResult<any, any>;

export type Answer = { status: number; milliseconds: number; result: Result };

/** Sends an operation. A GraphQL answer is an answer whatever its status: the server says 294 or 422 and why. */
export async function post(operation: Operation, headers: Record<string, string> = {}): Promise<Answer> {
  const start = performance.now();
  const response = await fetch(ENDPOINT, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...headers },
    body: JSON.stringify(operation),
  });
  const result = parse(await response.text(), response.status);
  return { status: response.status, milliseconds: Math.round(performance.now() - start), result };
}

export function bearer(accessToken: string): Record<string, string> {
  return { authorization: `Bearer ${accessToken}` };
}

function parse(body: string, status: number): Result {
  try {
    return JSON.parse(body);
  } catch {
    const message = `The server answered HTTP ${status} with something that is not JSON: ${body.slice(0, 300)}`;
    return { errors: [{ message }] };
  }
}
