// The published Node SDK with a cache that has room for every flag: node many_flags.mjs URL KEY FLAG...
// Prints one line of JSON: {took_ms, values}; a flag that the SDK does not have is "missing".
import { Client } from '@harnessio/ff-nodejs-server-sdk';

const [url, key, ...flags] = process.argv.slice(2);
const kept = new Map();
const cache = {
  get: (name) => kept.get(name),
  set: (name, value) => kept.set(name, value),
  delete: (name) => kept.delete(name),
  keys: () => [...kept.keys()],
};
// What the SDK says for itself would hide the answer.
const silent = () => {};
const logger = { trace: silent, debug: silent, info: silent, warn: console.error, error: console.error };

const started = performance.now();
const sdk = new Client(key, { baseUrl: url, eventsUrl: url, cache, logger });
await sdk.waitForInitialization();
const took_ms = Math.round(performance.now() - started);

const target = { identifier: 'alice', name: 'Alice' };
const values = {};
for (const flag of flags) {
  const otherwise = [await sdk.boolVariation(flag, target, true), await sdk.boolVariation(flag, target, false)];
  // A flag that is missing answers with each default.
  values[flag] = otherwise[0] === otherwise[1] ? otherwise[0] : 'missing';
}
console.log(JSON.stringify({ took_ms, values }));
process.exit(0);
