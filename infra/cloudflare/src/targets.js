// Targets as SDKs send them: in the authentication, in a header, in the token.

const IDENTIFIER = /^[A-Za-z0-9.@_-]{1,256}$/;
const NAME_BYTES_MAX = 256;

/** The target of an authentication: null if there is none, undefined if only the origin can tell what is wrong. */
export function targetOfBody(value) {
  if (value === undefined || value === null) return null;
  const target = read(value);
  if (!target) return undefined;
  if (target.identifier === '') return null;
  const markup = /[\p{Cc}<>]/u.test(target.name) || new TextEncoder().encode(target.name).length > NAME_BYTES_MAX;
  return IDENTIFIER.test(target.identifier) && !markup ? target : undefined;
}

/**
 * Whom to evaluate for: the header's target if the path names it, else the token's if the path names that, else the
 * bare identifier. Undefined if the token's target is kept at the origin.
 */
export function targetOfRequest(identifier, header, claims) {
  const named = (target) => target?.identifier === identifier;
  const sent = header ? decode(header) : undefined;
  if (named(sent)) return sent;
  if (claims.targetHash) return undefined;
  const known = claims.target ? decode(claims.target) : undefined;
  return named(known) ? known : { identifier, name: identifier, anonymous: false, attributes: {} };
}

/** Undefined for anything unreadable. Browsers encode each UTF-16 unit by itself, which is put together again. */
function decode(base64) {
  try {
    const bytes = atob(base64.trim()).replace(/\xed([\xa0-\xbf])([\x80-\xbf])/g, (_, middle, end) =>
      escaped(0xd000 | (middle.charCodeAt(0) & 0x3f) << 6 | (end.charCodeAt(0) & 0x3f)));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    const target = read(JSON.parse(text));
    return target?.identifier ? target : undefined;
  } catch {
    return undefined;
  }
}

/** A unit as an escape of JSON, whose reader joins pairs. */
function escaped(unit) {
  return `\\u${unit.toString(16)}`;
}

function read(fields) {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return undefined;
  const { anonymous, attributes = {} } = fields;
  const [identifier, name] = [text(fields.identifier), text(fields.name)];
  const object = attributes === null || (typeof attributes === 'object' && !Array.isArray(attributes));
  if (identifier === undefined || name === undefined || !object) return undefined;
  return { identifier, name: name || identifier, anonymous: anonymous === true, attributes: attributes ?? {} };
}

/** Numbers and booleans are taken for their text. */
function text(value) {
  if (value === undefined || value === null) return '';
  if (typeof value === 'object') return undefined;
  return String(value);
}
