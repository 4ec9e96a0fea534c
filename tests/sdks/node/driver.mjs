// One client of the published Node SDK, driven by JSON lines: calls come in on stdin as {id, call, arguments};
// answers {id, result} or {id, error} and events {event, …} go out on stdout.
import { createInterface } from 'node:readline';
import { Client, Event } from '@harnessio/ff-nodejs-server-sdk';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

// The SDK's own log goes to stderr, which the test shows when it fails.
const toStderr = (...words) => console.error(...words.map(String));
const logger = { trace: toStderr, debug: toStderr, info: toStderr, warn: toStderr, error: toStderr };

// The SDK's default store writes a file 100 ms after each change and reports the change only then. A test that
// measures the server asks for memory instead, which is an option of the published package.
const memory = () => {
  const kept = new Map();
  return {
    get: async (key) => kept.get(key),
    set: async (key, value) => kept.set(key, value),
    del: async (key) => kept.delete(key),
    keys: async () => kept.keys(),
  };
};

// Every other option stays as a customer has it who changes nothing but the host.
const url = process.env.BURGEE_URL;
const options = { baseUrl: url, eventsUrl: url, logger };
if (process.env.BURGEE_SDK_STORE === 'memory') options.store = memory();
const client = new Client(process.env.BURGEE_SDK_KEY, options);

client.on(Event.CHANGED, (flag) => say({ event: 'changed', flag }));
client.waitForInitialization().then(
  () => say({ event: 'ready' }),
  (error) => say({ event: 'failed', error: String(error) }),
);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, arguments: values } = JSON.parse(line);
  // Not awaited here: a call that never settles must not keep later ones from being made.
  Promise.resolve()
    .then(() => client[call](...values))
    .then((result) => say({ id, result }))
    .catch((error) => say({ id, error: String(error) }));
}
