// Opens the page that the first argument names in Chromium, and prints the text of its <output> whenever it changes.
import { setTimeout } from 'node:timers/promises';
import { open } from './browser.mjs';

const [, , , toChromium, fromChromium] = open(process.argv[2]).stdio;

// The protocol for remote debugging: JSON in both directions, each message ended by a zero byte.
const answers = new Map();
let unread = '';
fromChromium.setEncoding('utf8').on('data', (text) => {
  const messages = (unread + text).split('\0');
  unread = messages.pop();
  for (const { id, result } of messages.map(JSON.parse)) answers.get(id)?.(result);
});
let calls = 0;
const call = (method, params, sessionId) =>
  new Promise((done) => {
    answers.set((calls += 1), done);
    toChromium.write(`${JSON.stringify({ id: calls, method, params, sessionId })}\0`);
  });

const page = async () => {
  for (;;) {
    const { targetInfos } = await call('Target.getTargets');
    const found = targetInfos.find(({ type }) => type === 'page');
    if (found) return found.targetId;
    await setTimeout(20);
  }
};

const { sessionId } = await call('Target.attachToTarget', { targetId: await page(), flatten: true });
const expression = `document.querySelector('output')?.textContent`;
for (let shown; ; await setTimeout(20)) {
  const { result } = await call('Runtime.evaluate', { expression }, sessionId);
  if (result.value && result.value !== shown) console.log((shown = result.value));
}
