// What a client does next, without any client.

import assert from 'node:assert/strict';
import test from 'node:test';

import { INITIAL, next } from '../sync.js';

const settings = { pollMs: 60_000, random: 1 };
const after = (...outcomes) => outcomes.reduce((state, outcome) => next(state, { outcome }, settings), INITIAL);

test('the first snapshot is asked for at once, the next after the interval', () => {
  assert.deepEqual(after('authenticated'), { step: 'fetch', delayMs: 0, failures: 0 });
  assert.deepEqual(after('authenticated', 'fresh'), { step: 'fetch', delayMs: 54_000, failures: 0 });
  assert.deepEqual(after('authenticated', 'unchanged'), after('authenticated', 'fresh'));
});

test('waiting doubles with each failure up to a minute and begins anew with the next success', () => {
  const delays = [];
  let state = after('authenticated');
  for (let failure = 0; failure < 8; failure += 1) {
    state = next(state, { outcome: 'failed' }, settings);
    delays.push(state.delayMs);
  }
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  assert.equal(next(next(state, { outcome: 'fresh' }, settings), { outcome: 'failed' }, settings).delayMs, 1_000);
});

test('chance takes up to half of the waiting away', () => {
  assert.equal(next(INITIAL, { outcome: 'failed' }, { ...settings, random: 0 }).delayMs, 500);
});

test('a server that says when to come back is believed', () => {
  assert.equal(next(INITIAL, { outcome: 'failed', retryAfterMs: 7_000 }, settings).delayMs, 7_000);
});

test('a refused token is replaced at once, a refused key is asked with again after a minute', () => {
  assert.deepEqual(after('authenticated', 'refused'), { step: 'authenticate', delayMs: 0, failures: 1 });
  assert.equal(after('refused').delayMs, 60_000);
  assert.equal(after('authenticated', 'refused', 'authenticated', 'refused').delayMs, 60_000);
});
