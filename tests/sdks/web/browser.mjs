// Debian's Chromium, without a window.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const QUIET = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/**
 * Opens a page. What Chromium keeps goes to TMPDIR, which the test removes. Chromium ends when the pipes for remote
 * debugging do, and with them however this process ends; this process ends when Chromium does.
 */
export const open = (url) => {
  const folder = mkdtempSync(join(tmpdir(), 'chromium-'));
  const chromium = spawn('chromium', [...QUIET, '--remote-debugging-pipe', `--user-data-dir=${folder}`, url], {
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
  });
  chromium.on('error', (error) => {
    console.error(`${error.message}; run: cargo xtask test install`);
    process.exit(1);
  });
  chromium.on('exit', (code) => process.exit(code ?? 0));
  return chromium;
};
