// One client of the published Node SDK, driven by JSON lines: calls come in on stdin as {id, call, arguments},
// answers {id, result} and {id, error} and the SDK's events {event, flag, at_ms} go out on stdout.
import { createInterface } from 'node:readline';
import { Client, Event } from '@harnessio/ff-nodejs-server-sdk';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const nowMs = () => performance.timeOrigin + performance.now();

// The SDK's own log goes to stderr, which the test shows when it fails.
const toStderr = (...words) => console.error(...words.map(String));
const logger = { trace: toStderr, debug: toStderr, info: toStderr, warn: toStderr, error: toStderr };

// Every other option stays as a customer has it who changes nothing but the host.
const url = process.env.BURGEE_URL;
const client = new Client(process.env.BURGEE_SDK_KEY, { baseUrl: url, eventsUrl: url, logger });
client.on(Event.CHANGED, (flag) => say({ event: 'changed', flag, at_ms: nowMs() }));

for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, arguments: values } = JSON.parse(line);
  // Not awaited here: a call that never settles must not keep later ones from being made.
  Promise.resolve()
    .then(() => client[call](...values))
    .then((result) => say({ id, result: result instanceof Client ? 'the client' : result }))
    .catch((error) => say({ id, error: String(error) }));
}
