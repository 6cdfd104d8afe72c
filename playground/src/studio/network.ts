// The way to the server. It can be made slow, cut and mended, to show that nothing is lost meanwhile.

export type State = "good" | "slow" | "gone";

/** How long a request waits when the network is slow. */
const SLOW_MS = 400;
/** The pause after the first failure; it doubles each time, up to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;

class Network extends EventTarget {
  #state: State = "good";
  #open = new AbortController();

  get state(): State {
    return this.#state;
  }

  /** Whatever is on its way breaks off when the network goes. */
  set(state: State): void {
    this.#state = state;
    if (state === "gone") this.#open.abort(new TypeError("The network is gone."));
    else if (this.#open.signal.aborted) this.#open = new AbortController();
    this.dispatchEvent(new Event("change"));
  }

  async fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const { signal } = this.#open;
    if (this.#state === "slow") await Promise.race([sleep(SLOW_MS), once(signal, "abort")]);
    signal.throwIfAborted();
    return fetch(address, { ...init, signal });
  }

  /** Waits until it may be worth to try again: longer after each failure, but no longer than until the network is back. */
  async again(failures: number): Promise<void> {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
    // Not all clients come back at the same moment.
    await Promise.race([sleep(pause * (0.5 + Math.random() / 2)), once(this, "change")]);
  }
}

export const network = new Network();

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function once(target: EventTarget, event: string): Promise<unknown> {
  return new Promise((resolve) => target.addEventListener(event, resolve, { once: true }));
}
