// Answers at the edge what it can answer; everything else is the origin's, word for word.
//
// Authentication and evaluations (rows 1, 6 and 7 of the SDKs' contract) are answered here when the key is known to
// be alive and the rules are at hand. Whatever is unusual, a key that nobody knows here, a body that cannot be read,
// a token that does not verify, goes to the origin, so that there is one place that refuses, and one way it does.

import { Target } from 'burgee-eval';

import { Environments } from './environments.js';
import { Keys } from './keys.js';
import { Refusals } from './refusals.js';
import { targetOfBody, targetOfRequest } from './targets.js';
import { Tokens } from './tokens.js';

const AUTH = /^(?:\/api\/1\.0)?\/client\/auth$/;
const EVALUATIONS = /^(?:\/api\/1\.0)?\/client\/env\/([^/]+)\/target\/([^/]+)\/evaluations(?:\/([^/]+))?$/;
const STREAM = /^(?:\/api\/1\.0)?\/stream$/;
const BODY_BYTES_MAX = 1_048_576;
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'burgee-age-ms,burgee-version,etag,retry-after',
};

/** What an isolate keeps between requests: compiled rules, imported secrets. */
let kept;

export default {
  async fetch(request, bindings, context) {
    kept ??= {
      environments: new Environments(bindings),
      keys: new Keys(bindings),
      refusals: new Refusals(),
      tokens: new Tokens(bindings.BURGEE_TOKEN_KEYS),
    };
    const edge = { ...kept, bindings, context };
    try {
      return await route(request, edge) ?? await fromOrigin(request, edge);
    } catch (error) {
      console.error(error.stack);
      // 502 and never 503: stock Python clients take that as final.
      return json(502, { code: '502', message: 'the flag server cannot be reached; try again' });
    }
  },
};

/** The answer, or undefined where the origin has to give it. */
async function route(request, edge) {
  const { pathname } = new URL(request.url);
  if (request.method === 'POST' && AUTH.test(pathname)) return authenticate(request, edge);
  if (request.method !== 'GET') return undefined;
  if (STREAM.test(pathname)) return stream(request, edge);
  const parts = EVALUATIONS.exec(pathname)?.slice(1).map((part) => part && decoded(part));
  return parts && !parts.includes(null) ? evaluate(request, parts, edge) : undefined;
}

/** Null for what is not UTF-8, which the origin refuses. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}

/** An SDK key becomes a token. */
async function authenticate(request, edge) {
  const { keys, tokens, bindings, context } = edge;
  if (Number(request.headers.get('content-length')) > BODY_BYTES_MAX) return undefined;
  const copy = request.clone();
  const body = await copy.json().catch(() => undefined);
  const target = targetOfBody(body?.target);
  if (typeof body?.apiKey !== 'string' || body.apiKey === '' || target === undefined) return undefined;
  const hash = await hashOf(body.apiKey);
  const key = await keys.live(hash);
  const isServerSdk = request.headers.get('harness-sdk-info')?.endsWith(' Server') ?? false;
  // A server SDK with a client key is told so by the origin.
  if (!key || (key.kind === 'client' && isServerSdk)) return judgedByOrigin(request, `${hash} ${isServerSdk}`, edge);
  const token = await tokens.sign(key, target, Math.floor(Date.now() / 1_000));
  if (token === undefined) return undefined;
  // The origin keeps the list of targets; the SDK does not wait for that.
  if (target && !target.anonymous) {
    const origin = new URL('/client/auth', bindings.ORIGIN);
    context.waitUntil(fetch(origin, { method: 'POST', body: JSON.stringify(body), headers: request.headers }).catch(() => {}));
  }
  return json(200, { authToken: token });
}

/** All values of a target, or one. */
async function evaluate(request, [environmentId, identifier, flag], edge) {
  const claims = await edge.tokens.verify(bearer(request));
  if (!claims || claims.environment !== environmentId) return undefined;
  const key = await edge.keys.live(claims.apiKey.replace('auth-key-', ''));
  if (!key) return admittedByOrigin(request, claims, edge);
  if (key.environment_uuid !== environmentId) return undefined;
  const atLeast = Number(request.headers.get('burgee-min-version') ?? 0);
  const environment = await edge.environments.get(environmentId, atLeast, edge.context);
  const target = targetOfRequest(identifier, request.headers.get('harness-target'), claims);
  if (!environment || !target) return undefined;
  const asked = Target.fromJson(JSON.stringify(target));
  try {
    const text = flag === undefined ? environment.evaluateAllJson(asked) : environment.evaluateJson(flag, asked);
    // The origin says why there is no value.
    return text === undefined ? undefined : answer(request, text, environment.version);
  } finally {
    environment.free(asked);
  }
}

/** Asks the origin, and remembers for a minute that it let the key in. */
async function admittedByOrigin(request, claims, edge) {
  const response = await judgedByOrigin(request, `${claims.apiKey} ${claims.environment}`, edge);
  if (response.ok) edge.context.waitUntil(edge.keys.remember(claims));
  return response;
}

/** Asks the origin about a key that is not known here, unless it refused the same a moment ago. */
async function judgedByOrigin(request, who, edge) {
  return edge.refusals.get(who) ?? edge.refusals.remember(who, await fromOrigin(request, edge));
}

/** The stream as the relay sends it. Versions that pass are noted, so that nobody here is answered from before them. */
async function stream(request, edge) {
  const claims = await edge.tokens.verify(bearer(request));
  const response = await fromOrigin(request, edge);
  if (!claims || !response.ok || !response.body) return response;
  const { readable, writable } = new TransformStream(edge.environments.watch(claims.environment));
  // Ends with the client or the relay, whoever is first.
  response.body.pipeTo(writable).catch(() => {});
  return new Response(readable, response);
}

async function fromOrigin(request, { bindings }) {
  const { pathname, search } = new URL(request.url);
  const origin = new URL(bindings.ORIGIN);
  origin.pathname = pathname;
  origin.search = search;
  return fetch(new Request(origin, request));
}

async function answer(request, text, version) {
  const tag = `W/"${version}-${(await hashOf(text)).slice(0, 16)}"`;
  const headers = { ...CORS, 'burgee-version': String(version), etag: tag, vary: 'accept-encoding' };
  if (request.headers.get('if-none-match')?.includes(tag)) return new Response(null, { status: 304, headers });
  return new Response(text, { headers: { ...headers, 'content-type': 'application/json', 'x-content-type-options': 'nosniff' } });
}

function json(status, body) {
  const headers = { ...CORS, 'content-type': 'application/json', 'x-content-type-options': 'nosniff' };
  return new Response(JSON.stringify(body), { status, headers });
}

function bearer(request) {
  return /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1] ?? '';
}

async function hashOf(text) {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
