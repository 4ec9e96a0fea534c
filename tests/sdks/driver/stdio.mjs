// Drivers that are processes: lines on stdin and stdout, what to connect with in the first argument:
// {url, key, target, streaming, clock}; `clock` says how many times as fast the client's clock runs.
import { createInterface } from 'node:readline';

export const settings = JSON.parse(process.argv[2]);

export const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Hands on each call until the test closes stdin. */
export const eachCall = async (hear) => {
  for await (const line of createInterface({ input: process.stdin })) hear(JSON.parse(line));
};
