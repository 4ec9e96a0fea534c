// Shows the demo's flag dark_mode, and again whenever it changes.
import { FFContextProvider, useFeatureFlag } from '@harnessio/ff-react-client-sdk';
import { createRoot } from 'react-dom/client';

const parameters = new URLSearchParams(location.search);
const url = `${parameters.get('url') ?? 'http://127.0.0.1:7700'}/api/1.0`;

// Made once: with another object the SDK would start anew.
const options = { baseUrl: url, eventUrl: url };
const ann = { identifier: 'ann', name: 'Ann' };

const Flag = () => <output>dark_mode: {String(useFeatureFlag('dark_mode', false))}</output>;

createRoot(document.querySelector('main')).render(
  <FFContextProvider apiKey={parameters.get('key')} target={ann} options={options}>
    <Flag />
  </FFContextProvider>,
);
