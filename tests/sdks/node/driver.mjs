// One client of the published Node SDK; driver/calls.mjs says how it is talked to.
import { Client, Event } from '@harnessio/ff-nodejs-server-sdk';
import { answer } from '../driver/calls.mjs';
import { hasten } from '../driver/clock.mjs';
import { eachCall, say, settings } from '../driver/stdio.mjs';

const CALLS = { boolean: 'boolVariation', string: 'stringVariation', int: 'numberVariation', json: 'jsonVariation' };

// The SDK's own log goes to stderr, which the test shows when it fails.
const toStderr = (...words) => console.error(...words.map(String));
const logger = { trace: toStderr, debug: toStderr, info: toStderr, warn: toStderr, error: toStderr };

hasten(settings.clock, globalThis);

// Every other option stays as a customer has it who changes nothing but the host.
const { url, key, streaming } = settings;
const started = performance.now();
const sdk = new Client(key, { baseUrl: url, eventsUrl: url, enableStream: streaming, logger });
sdk.on(Event.CHANGED, (flag) => say({ event: 'changed', flag }));
sdk.waitForInitialization().then(
  () => say({ event: 'ready', took_ms: performance.now() - started }),
  (error) => say({ event: 'failed', error: String(error), took_ms: performance.now() - started }),
);

const client = {
  value: (flag, kind, target, otherwise) => sdk[CALLS[kind]](flag, target, otherwise),
  close: () => sdk.close(),
};
await eachCall((call) => answer(client, call, say));
