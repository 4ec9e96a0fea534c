// What runs in the page of Chromium.
import { answer } from '/calls.mjs';
import { connect } from '/client.mjs';
import { hasten } from '/clock.mjs';

// One after the other, so that lines arrive in their order.
let said = Promise.resolve();
const say = (line) => {
  said = said.then(() => fetch('/lines', { method: 'POST', body: `${JSON.stringify(line)}\n` }));
};

const settings = await (await fetch('/settings')).json();
hasten(settings.clock, globalThis);
const client = connect(await import('/sdk.mjs'), settings, say);
new EventSource('/calls').onmessage = ({ data }) => answer(client, JSON.parse(data), say);
