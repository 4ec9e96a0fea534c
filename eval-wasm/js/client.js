// Keeps one environment fresh from a Burgee server.

import { Environment } from './engine.js';
import { INITIAL, next } from './sync.js';

const POLL_MS = 60_000;
const POLL_MS_MIN = 1_000;
const REQUEST_LIMIT_MS = 10_000;

/** A client with the rules of the environment that its server key is for. */
export class Client {
  #options;
  #state = INITIAL;
  #token;
  #etag;
  #timer;
  #stop = new AbortController();
  #ready;
  #isReady;

  constructor({ module, url, key, pollMs = POLL_MS, onChange = () => {}, onError = () => {}, fetch = globalThis.fetch }) {
    this.#options = { module: Promise.resolve(module), url: url.replace(/\/+$/, ''), key, pollMs: Math.max(pollMs, POLL_MS_MIN), onChange, onError, fetch };
    this.environment = undefined;
    this.#ready = new Promise((resolve) => { this.#isReady = resolve; });
    this.#wait();
  }

  /** When the first snapshot is there. Never rejects: `onError` is told why it takes so long. */
  ready() {
    return this.#ready;
  }

  /** As of the environment; undefined before it is ready. */
  evaluate(flag, target) {
    return this.environment?.evaluate(flag, target);
  }

  /** As of the environment; `otherwise` before it is ready. */
  value(flag, target, otherwise) {
    return this.environment?.value(flag, target, otherwise) ?? otherwise;
  }

  /** Stops asking. What was loaded still answers. */
  close() {
    this.#stop.abort();
    clearTimeout(this.#timer);
  }

  #wait() {
    if (this.#stop.signal.aborted) return;
    this.#timer = setTimeout(() => this.#act(), this.#state.delayMs);
    // Waiting for news alone does not keep a process of Node.js running.
    if (this.environment) this.#timer.unref?.();
  }

  async #act() {
    let event;
    try {
      event = await (this.#state.step === 'authenticate' ? this.#authenticate() : this.#fetch());
    } catch (error) {
      event = { outcome: 'failed', error };
    }
    if (this.#stop.signal.aborted) return;
    if (event.error) this.#tell(this.#options.onError, event.error);
    this.#state = next(this.#state, event, { pollMs: this.#options.pollMs, random: Math.random() });
    this.#wait();
  }

  async #authenticate() {
    const body = JSON.stringify({ apiKey: this.#options.key });
    const response = await this.#request('/client/auth', { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    if (!response.ok) return refusal('authenticating', response);
    this.#token = (await response.json()).authToken;
    return { outcome: 'authenticated' };
  }

  async #fetch() {
    const headers = { authorization: `Bearer ${this.#token}` };
    if (this.#etag) headers['if-none-match'] = this.#etag;
    const response = await this.#request(`/client/env/${environmentOf(this.#token)}/snapshot`, { headers });
    if (response.status === 304) return { outcome: 'unchanged' };
    if (!response.ok) return refusal('fetching the snapshot', response);
    const bytes = new Uint8Array(await response.arrayBuffer());
    this.environment = new Environment(await this.#options.module, bytes);
    this.#etag = response.headers.get('etag');
    this.#isReady();
    this.#tell(this.#options.onChange, this.environment.version);
    return { outcome: 'fresh' };
  }

  #request(path, options) {
    const signal = limited(this.#stop.signal);
    return this.#options.fetch.call(globalThis, this.#options.url + path, { ...options, signal });
  }

  /** What the application does with it is no reason to stop. */
  #tell(listener, news) {
    try {
      listener(news);
    } catch {
      // Its own errors are its own.
    }
  }
}

/** Ends with the client, or when a request takes too long. */
function limited(stop) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(new Error('no answer in time')), REQUEST_LIMIT_MS);
  timer.unref?.();
  stop.addEventListener('abort', () => limit.abort(stop.reason), { once: true, signal: limit.signal });
  return limit.signal;
}

async function refusal(what, response) {
  // Read, so that the connection can be used again.
  const text = await response.text();
  const retryAfterMs = Number(response.headers.get('retry-after')) * 1_000 || 0;
  const outcome = response.status === 401 || response.status === 403 ? 'refused' : 'failed';
  return { outcome, retryAfterMs, error: new Error(`${what}: ${response.status} ${text}`) };
}

function environmentOf(token) {
  const payload = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
  return encodeURIComponent(JSON.parse(atob(payload)).environment);
}
