// Answers the cases of the file that is named on the command line; prints how many there are and those whose
// answer is not what is expected.

import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';

import { Environment, Target, loadModule } from 'burgee-eval';

const module = await loadModule();
const failures = [];
let tests = 0;

for (const { name, snapshot, cases } of JSON.parse(readFileSync(process.argv[2], 'utf8'))) {
  const environment = new Environment(module, snapshot);
  for (const { flag, target: json, expected, comment } of cases) {
    tests += 1;
    const target = Target.fromJson(json);
    const one = environment.evaluate(flag, target)?.value ?? null;
    const all = environment.evaluateAll(target).find((answer) => answer.flag === flag)?.value ?? null;
    if (!isDeepStrictEqual(one, expected) || !isDeepStrictEqual(all, expected)) {
      failures.push({ name, flag, comment, expected, one, all });
    }
  }
}
console.log(JSON.stringify({ tests, failures }));
