// One application with the published React SDK in jsdom; what it shows is what it answers.
import { answer } from '../driver/calls.mjs';
import { hasten } from '../driver/clock.mjs';
import { eachCall, say, settings } from '../driver/stdio.mjs';
import { explained } from './client.mjs';
import { openPage } from './page.mjs';

hasten(settings.clock, openPage());
hasten(settings.clock, globalThis);
const { createElement: element, useEffect } = await import('react');
const { createRoot } = await import('react-dom/client');
const { flushSync } = await import('react-dom');
const { FFContextProvider, useFeatureFlag } = await import('@harnessio/ff-react-client-sdk');

const { url, key, streaming } = settings;
const options = { baseUrl: url, eventUrl: url, streamEnabled: streaming, pollingEnabled: true };
const started = performance.now();

// What the application shows: each flag that was asked for, with the default of the last call.
const shown = new Map();
let target = settings.target;
let onMounted = () => say({ event: 'ready', took_ms: performance.now() - started });

const Flag = ({ flag, otherwise }) => {
  const value = useFeatureFlag(flag, otherwise);
  return element('output', { id: flag }, JSON.stringify(value));
};

const Page = () => {
  useEffect(() => void onMounted(), []);
  return [...shown].map(([flag, otherwise]) => element(Flag, { key: flag, flag, otherwise }));
};

const onError = (event, error) => {
  if (event !== 'auth error') return;
  say({ event: 'failed', error: explained(error), took_ms: performance.now() - started });
};

const root = createRoot(document.querySelector('main'));
const render = () =>
  root.render(element(FFContextProvider, { apiKey: key, target, options, onError }, element(Page)));
render();

const client = {
  value: (flag, _kind, _target, otherwise) => {
    if (JSON.stringify(shown.get(flag)) !== JSON.stringify(otherwise)) {
      shown.set(flag, otherwise);
      flushSync(render);
    }
    const output = document.getElementById(flag);
    return output && JSON.parse(output.textContent);
  },
  become: (next) =>
    new Promise((done) => {
      onMounted = done;
      target = next;
      render();
    }),
  close: () => flushSync(() => root.unmount()),
};
await eachCall((call) => answer(client, call, say));
// The page's timers would keep the process.
process.exit();
