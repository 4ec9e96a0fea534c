// Answers the cases of the file that is named on the command line.

import { readFileSync } from 'node:fs';

import { answer } from './cases.mjs';

console.log(JSON.stringify(await answer(JSON.parse(readFileSync(process.argv[2], 'utf8')))));
