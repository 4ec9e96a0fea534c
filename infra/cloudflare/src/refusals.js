// Keys that the origin refused a moment ago: whoever goes on asking with one costs the origin nothing.

/** As long as a Burgee server itself remembers a key that it does not know. */
const REMEMBERED_MS = 10_000;
/** Refusals that an isolate keeps, so that guessing keys does not fill its memory; the oldest one leaves. */
const KEPT_MAX = 1_000;

/** What the origin said to whom. */
export class Refusals {
  #kept = new Map();

  /** What the origin said to `who` a moment ago, word for word; undefined if it has to be asked. */
  get(who) {
    const { text, status, headers, untilMs } = this.#kept.get(who) ?? { untilMs: 0 };
    return Date.now() < untilMs ? new Response(text, { status, headers }) : undefined;
  }

  /** Keeps an answer of the origin if it says that a key is not good; returns it. */
  async remember(who, response) {
    // Only 403 is about the key alone. 502 is not remembered: the origin is unsure.
    if (response.status !== 403) return response;
    const headers = new Headers(response.headers);
    for (const name of ['content-encoding', 'content-length']) headers.delete(name);
    this.#kept.delete(who);
    const text = await response.text();
    this.#kept.set(who, { text, status: response.status, headers, untilMs: Date.now() + REMEMBERED_MS });
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value);
    return this.get(who);
  }
}
