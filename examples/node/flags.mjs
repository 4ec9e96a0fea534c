// Shows the demo's flag dark_mode, and again whenever it changes.
import { Client, Event } from '@harnessio/ff-nodejs-server-sdk';

// In memory: the SDK's own store is a file that outlives the process, and would mix up trial servers.
const memory = () => {
  const map = new Map();
  const remove = (key) => map.delete(key);
  const keys = () => [...map.keys()];
  return { get: (key) => map.get(key), set: (key, value) => map.set(key, value), delete: remove, del: remove, keys };
};

const url = `${process.env.BURGEE_URL ?? 'http://127.0.0.1:7700'}/api/1.0`;
const client = new Client(process.env.BURGEE_SDK_KEY, {
  baseUrl: url,
  eventsUrl: url,
  cache: memory(),
  store: memory(),
});
await client.waitForInitialization();

const ann = { identifier: 'ann', name: 'Ann' };
const show = async () => console.log('dark_mode:', await client.boolVariation('dark_mode', ann, false));
client.on(Event.CHANGED, show);
await show();
