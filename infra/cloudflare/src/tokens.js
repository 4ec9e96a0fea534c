// SDK tokens, as every Burgee server signs and verifies them (HS256, no expiry).

const TOKEN_BYTES_MAX = 8_192;
const TARGET_BYTES_MAX = 2_048;
const encoder = new TextEncoder();

/** The secrets of the installation: the first signs, all verify. */
export class Tokens {
  #keys;

  /** Reads `kid:base64[,kid:base64…]`. */
  constructor(text) {
    this.#keys = text.split(',').map((entry) => {
      const [, kid, secret] = /^\s*([^:]+):(.+?)\s*$/.exec(entry);
      const key = crypto.subtle.importKey('raw', bytesOf(secret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
      // Whoever uses it is told if it cannot be imported.
      key.catch(() => {});
      return { kid, key };
    });
  }

  /** A token for a key and, unless it is null, a target; undefined if the target does not fit into one. */
  async sign(key, target, iat) {
    const json = target && JSON.stringify(target);
    if (json && encoder.encode(json).length > TARGET_BYTES_MAX) return undefined;
    const claims = {
      environment: key.environment_uuid,
      environmentIdentifier: key.environment,
      project: key.project_uuid,
      projectIdentifier: key.project,
      organization: key.organisation,
      organizationIdentifier: key.organisation,
      accountID: key.account,
      clusterIdentifier: '1',
      key_type: key.kind === 'server' ? 'Server' : 'Client',
      apiKey: `auth-key-${key.hash}`,
      iat,
      ...(json && { target: base64(encoder.encode(json)) }),
    };
    const [{ kid, key: secret }] = this.#keys;
    const signed = `${base64url(JSON.stringify({ typ: 'JWT', alg: 'HS256', kid }))}.${base64url(plain(claims))}`;
    const signature = await crypto.subtle.sign('HMAC', await secret, encoder.encode(signed));
    return `${signed}.${base64url(new Uint8Array(signature))}`;
  }

  /** What a token says that one of these secrets signed; undefined for anything else. */
  async verify(token) {
    const parts = token.split('.');
    if (parts.length !== 3 || token.length > TOKEN_BYTES_MAX) return undefined;
    try {
      const { alg, kid } = JSON.parse(atob(standard(parts[0])));
      const found = this.#keys.find((key) => key.kid === kid);
      if (alg !== 'HS256' || !found) return undefined;
      const signed = encoder.encode(`${parts[0]}.${parts[1]}`);
      const good = await crypto.subtle.verify('HMAC', await found.key, bytesOf(standard(parts[2])), signed);
      return good ? JSON.parse(new TextDecoder().decode(bytesOf(standard(parts[1])))) : undefined;
    } catch {
      return undefined;
    }
  }
}

/** JSON that looks the same in base64 and base64url, because Android decodes tokens with the standard alphabet. */
function plain(claims) {
  return JSON.stringify(claims).replace(/[^\x20-\x7e]|[>?~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function base64(bytes) {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function base64url(value) {
  const bytes = typeof value === 'string' ? encoder.encode(value) : value;
  return base64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function standard(base64url) {
  return base64url.replaceAll('-', '+').replaceAll('_', '/');
}
