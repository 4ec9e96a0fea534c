// One client of the published browser SDK in jsdom.
import { answer } from '../driver/calls.mjs';
import { hasten } from '../driver/clock.mjs';
import { eachCall, say, settings } from '../driver/stdio.mjs';
import { connect } from './client.mjs';
import { openPage } from './page.mjs';

hasten(settings.clock, openPage());
hasten(settings.clock, globalThis);
const client = connect(await import('@harnessio/ff-javascript-client-sdk'), settings, say);
await eachCall((call) => answer(client, call, say));
// The page's timers would keep the process.
process.exit();
