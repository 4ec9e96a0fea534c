// Compiled rules. KV holds `snapshot:{environment}`; the origin has newer ones.

import { Environment, loadModule } from 'burgee-eval';

/** How long an isolate goes on with what it has before it looks at KV again, unless it heard of something newer. */
const FRESH_MS = 2_000;
/** Environments that an isolate keeps; the one that was asked for longest ago leaves. */
const KEPT_MAX = 8;

/** The environments that this isolate has met. */
export class Environments {
  #bindings;
  #serverKeys;
  #kept = new Map();
  /** The newest version that passed by in a stream. */
  #announced = new Map();
  #tokens = new Map();

  constructor(bindings) {
    this.#bindings = bindings;
    this.#serverKeys = JSON.parse(bindings.BURGEE_SERVER_KEYS ?? '{}');
  }

  /** The environment at `atLeast` or later, and not before what was announced here; undefined if that is not at hand. */
  async get(id, atLeast, context) {
    const wanted = Math.max(atLeast, this.#announced.get(id) ?? 0);
    const kept = this.#kept.get(id);
    if (kept && kept.version >= wanted && Date.now() - kept.checkedMs < FRESH_MS) return kept.environment;
    const found = await this.#keep(id, await this.#stored(id));
    if (found && found.version >= wanted) return found.environment;
    const text = await this.#fetch(id, wanted);
    if (text === undefined) return undefined;
    // `burgee publish` looks at the metadata before it writes.
    context.waitUntil(this.#bindings.FLAGS.put(`snapshot:${id}`, text, { metadata: { version: versionOf(text) } }));
    return (await this.#keep(id, text))?.environment;
  }

  /**
   * Passes a stream of events on, each event whole: the published browser SDK cannot read one that arrives in pieces.
   * Notes the versions that pass by, which are the events' ids.
   */
  watch(id) {
    const decoder = new TextDecoder();
    const encoder = new TextEncoder();
    let pending = '';
    return {
      transform: (chunk, controller) => {
        pending += decoder.decode(chunk, { stream: true });
        const end = pending.lastIndexOf('\n\n') + 2;
        if (end < 2) return;
        const whole = pending.slice(0, end);
        pending = pending.slice(end);
        for (const [, version] of whole.matchAll(/^id: ?(\d+)/gm)) this.#announce(id, Number(version));
        controller.enqueue(encoder.encode(whole));
      },
    };
  }

  #announce(id, version) {
    this.#announced.set(id, Math.max(version, this.#announced.get(id) ?? 0));
  }

  /** What KV has; null if it has nothing, or does not answer, which is no reason to answer nobody. */
  async #stored(id) {
    try {
      return await this.#bindings.FLAGS.get(`snapshot:${id}`, { type: 'text', cacheTtl: 60 });
    } catch (error) {
      console.error(error.stack);
      return null;
    }
  }

  /** The newer of what is kept and the snapshot; compiled only if it is newer. Undefined if there is neither. */
  async #keep(id, text) {
    const kept = this.#kept.get(id);
    const version = text === null ? -1 : versionOf(text);
    const isNewer = version > (kept?.version ?? -1);
    if (!isNewer && !kept) return undefined;
    const newest = { ...(isNewer ? { version, environment: await compiled(text) } : kept), checkedMs: Date.now() };
    this.#kept.delete(id);
    this.#kept.set(id, newest);
    if (this.#kept.size > KEPT_MAX) this.#kept.delete(this.#kept.keys().next().value);
    return newest;
  }

  /** The snapshot of the origin; undefined without a server key for the environment. */
  async #fetch(id, atLeast) {
    const token = this.#tokens.get(id) ?? await this.#authenticate(id);
    if (!token) return undefined;
    this.#tokens.set(id, token);
    const headers = { authorization: `Bearer ${token}`, 'burgee-min-version': String(atLeast) };
    const response = await fetch(new URL(`/client/env/${encodeURIComponent(id)}/snapshot`, this.#bindings.ORIGIN), { headers });
    if (response.ok) return response.text();
    if (response.status === 401 || response.status === 403) this.#tokens.delete(id);
    return undefined;
  }

  async #authenticate(id) {
    const key = this.#serverKeys[id];
    if (!key) return undefined;
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ apiKey: key });
    const response = await fetch(new URL('/client/auth', this.#bindings.ORIGIN), { method: 'POST', headers, body });
    return response.ok ? (await response.json()).authToken : undefined;
  }
}

/** Undefined if the engine does not take it, because it is too large or of a newer format: then the origin answers. */
async function compiled(snapshot) {
  try {
    return new Environment(await loadModule(), snapshot);
  } catch (error) {
    console.error(error.stack);
    return undefined;
  }
}

/** As Burgee writes snapshots: `{"format":1,"environment":"…","version":7,`. Of any other text, nothing is known. */
function versionOf(text) {
  const version = /^\{"format":\d+,"environment":"[^"\\]*","version":(\d+),/.exec(text)?.[1];
  return version === undefined ? -1 : Number(version);
}
