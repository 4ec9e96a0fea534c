// One client of the published browser SDK in a page of Chromium. This process serves the page and stands between it and
// the test: calls go to the page as server-sent events, what it says comes back as requests.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { eachCall, settings } from '../driver/stdio.mjs';
import { open } from './browser.mjs';

const SDK = '@harnessio/ff-javascript-client-sdk';
const main = createRequire(import.meta.url).resolve(SDK);

const local = (path) => new URL(path, import.meta.url);
const FILES = {
  '/': [local('chromium.html'), 'text/html'],
  '/chromium-page.mjs': [local('chromium-page.mjs'), 'text/javascript'],
  '/client.mjs': [local('client.mjs'), 'text/javascript'],
  '/calls.mjs': [local('../driver/calls.mjs'), 'text/javascript'],
  '/clock.mjs': [local('../driver/clock.mjs'), 'text/javascript'],
  '/sdk.mjs': [join(dirname(main), 'sdk.client.js'), 'text/javascript'],
};

// Until the page listens, calls wait here.
const waiting = [];
let send = (line) => waiting.push(line);

const server = createServer(async (request, response) => {
  if (request.url === '/settings') {
    response.end(JSON.stringify(settings));
  } else if (request.url === '/calls') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    send = (line) => response.write(`data: ${line}\n\n`);
    waiting.forEach(send);
  } else if (request.url === '/lines') {
    for await (const piece of request) process.stdout.write(piece);
    response.end();
  } else if (request.url in FILES) {
    const [file, type] = FILES[request.url];
    response.writeHead(200, { 'content-type': type }).end(readFileSync(file));
  } else {
    response.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));

const chromium = open(`http://127.0.0.1:${server.address().port}/`);
await eachCall((call) => send(JSON.stringify(call)));
chromium.kill();
