// Answers what is asked in the file that is named on the command line; prints what is not as expected.

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

import { Environment, Target, loadModule } from 'burgee-eval';

const module = await loadModule();
const differences = [];

for (const { seed, snapshot, answers } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const environment = new Environment(module, snapshot);
  for (const { target: json, all, reasons, explained, explanation } of answers) {
    const target = Target.fromJson(json);
    const said = {
      all: environment.evaluateAllJson(target),
      reasons: environment.evaluateAll(target).map(({ reason }) => reason),
      explanation: environment.explain(explained, target),
    };
    const parts = JSON.parse(all).map((answer) => JSON.stringify(answer) === environment.evaluateJson(answer.flag, target));
    if (said.all !== all || !isDeepStrictEqual(said.reasons, reasons) || !isDeepStrictEqual(said.explanation, explanation) || parts.includes(false)) {
      differences.push({ seed, target: json, all, reasons, explanation, said, parts });
    }
    environment.free(target);
  }
}
console.log(JSON.stringify(differences.slice(0, 3)));
