// Answers a whole job with the published Node SDK. The job is the file that the first argument names:
// {url, environments: [{key, flags: [{identifier, kind}], targets: [...]}]}. Each line of stdout holds the answers for
// one target, in the order of the flags: {value}, {raised} with what was thrown, or {} where the SDK gave the default.
import { readFileSync } from 'node:fs';
import { Client } from '@harnessio/ff-nodejs-server-sdk';

const CALLS = { boolean: 'boolVariation', string: 'stringVariation', int: 'numberVariation', json: 'jsonVariation' };

// Nothing that a flag can hold is this object; the SDK prints the default, so it needs a text.
const NOTHING = { toString: () => 'nothing' };

// The SDK's own cache and store are shared by all clients of a process, so each client brings its own.
const memory = () => {
  const kept = new Map();
  const remove = (key) => kept.delete(key);
  return {
    get: (key) => kept.get(key),
    set: (key, value) => kept.set(key, value),
    delete: remove,
    del: remove,
    keys: () => [...kept.keys()],
  };
};

const quiet = () => {};
const logger = { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet };

const answer = async (client, { identifier, kind }, target) => {
  try {
    const value = await client[CALLS[kind]](identifier, target, NOTHING);
    return value === NOTHING ? {} : { value };
  } catch (error) {
    return { raised: error.name };
  }
};

const { url, environments } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
for (const { key, flags, targets } of environments) {
  const client = new Client(key, {
    baseUrl: url,
    eventsUrl: url,
    enableStream: false,
    enableAnalytics: false,
    // Without a limit a failing request is repeated for ever.
    axiosRetries: 2,
    cache: memory(),
    store: memory(),
    logger,
  });
  await client.waitForInitialization();
  for (const target of targets) {
    const answers = [];
    for (const flag of flags) answers.push(await answer(client, flag, target));
    process.stdout.write(`${JSON.stringify(answers)}\n`);
  }
  client.close();
}
