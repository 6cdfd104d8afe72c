// A subscription that goes on where it broke off, over a plain response that stays open (server-sent events).
//
// Three rules are all a client needs: remember the cursor of the last event; subscribe again after it; and read the state
// anew when the first event says `GAP`.
import { network } from "./network";
import type { Person } from "./person";

/** Every event has a type and a cursor; what else it has is up to who subscribes. */
export type StreamEvent = { __typename: string; cursor: string } & Record<string, any>;

/** Listens for ever, from a position on. `hear` takes each event; `lost` is told when the stream breaks off. */
export async function follow(
  person: Person,
  subscription: string,
  after: string,
  { hear, lost }: { hear(event: StreamEvent): void | Promise<void>; lost(): void },
): Promise<never> {
  for (let failures = 0; ; ) {
    let pause: number | null = null;
    try {
      const response = await person.opens(subscription, { after });
      for await (const event of events(response)) {
        if (event.__typename === "StreamClosing") pause = event.reconnectAfterMs;
        await hear(event);
        after = event.cursor;
        failures = 0;
      }
    } catch (error) {
      console.debug("the stream broke off", error);
    }
    lost();
    if (pause !== null) await new Promise((resolve) => setTimeout(resolve, pause!));
    else await network.again(failures++);
  }
}

async function* events({ body }: Response): AsyncGenerator<StreamEvent> {
  let waiting = "";
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (waiting + value).split("\n\n");
    waiting = parts.pop()!;
    for (const part of parts) {
      const line = part.split("\n").find((line) => line.startsWith("data: "));
      if (!line) continue;
      const { data, errors } = JSON.parse(line.slice("data: ".length));
      if (!data) throw new Error(errors?.[0]?.message);
      yield Object.values<StreamEvent>(data)[0]!;
    }
  }
}
