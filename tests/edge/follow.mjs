// A client of the server and key that are named on the command line, which tells of what it is told.

import { createInterface } from 'node:readline';

import { Client, Target } from 'burgee-eval';

const [url, key] = process.argv.slice(2);
const target = new Target({ identifier: 'ann' });
const statuses = [];
const tell = (line) => console.log(JSON.stringify(line));

const client = new Client({
  url,
  key,
  pollMs: 1_000,
  onChange: (version) => tell({ event: 'change', version, value: client.value('dark-mode', target, 'otherwise') }),
  onError: (error) => tell({ event: 'error', message: error.message }),
  fetch: async (...request) => {
    const response = await fetch(...request);
    statuses.push(response.status);
    return response;
  },
});

const calls = {
  value: () => client.value('dark-mode', target, 'otherwise'),
  statuses: () => statuses,
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, call, arguments: given } = JSON.parse(line);
  tell({ id, result: calls[call](...given) });
}
client.close();
