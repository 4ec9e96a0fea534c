// What a client does next. Pure: time and chance are arguments, requests are the caller's.

const AUTHENTICATE = 'authenticate';
const FETCH = 'fetch';
const BACK_OFF_FIRST_MS = 1_000;
const BACK_OFF_MAX_MS = 60_000;

/** Nothing is known yet: authenticate at once. */
export const INITIAL = Object.freeze({ step: AUTHENTICATE, delayMs: 0, failures: 0 });

/**
 * The state after what the last step led to:
 * `authenticated`, `fresh` (a snapshot that was good), `unchanged` (304), `refused` (401, 403), or `failed`.
 * `random` is a number in 0..1.
 */
export function next(state, { outcome, retryAfterMs = 0 }, { pollMs, random }) {
  switch (outcome) {
    case 'authenticated':
      return { ...state, step: FETCH, delayMs: 0 };
    case 'fresh':
    case 'unchanged':
      // Up to a tenth earlier, so that clients that were started together do not stay together.
      return { step: FETCH, failures: 0, delayMs: pollMs * (1 - random / 10) };
    case 'refused':
      // Of a token, another is asked for. Of a key, there is none: it may come back, but hardly soon.
      return { step: AUTHENTICATE, failures: state.failures + 1, delayMs: state.step === FETCH && state.failures === 0 ? 0 : BACK_OFF_MAX_MS };
    default:
      return { step: state.step, failures: state.failures + 1, delayMs: Math.max(retryAfterMs, backOff(state.failures, random)) };
  }
}

/** Doubles with each failure; between half and all of it. */
function backOff(failures, random) {
  const full = Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(failures, 16));
  return full * (0.5 + random / 2);
}
