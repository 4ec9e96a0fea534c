// Answers the cases of specification files, in whatever runtime this is.

import { Environment, Target, loadModule } from 'burgee-eval';

/** What all flags answer to each case as text, and the cases whose one answer is not what is expected. */
export async function answer(files) {
  const module = await loadModule();
  const failures = [];
  const answers = files.map(({ name, snapshot, cases }) => {
    const environment = new Environment(module, snapshot);
    return cases.map(({ flag, target: json, expected, comment }) => {
      const target = Target.fromJson(json);
      const one = environment.evaluate(flag, target)?.value ?? null;
      const all = environment.evaluateAll(target).find((found) => found.flag === flag)?.value ?? null;
      if (!same(one, expected) || !same(all, expected)) failures.push({ name, flag, comment, expected, one, all });
      return environment.evaluateAllJson(target);
    });
  });
  return { answers, failures };
}

function same(one, other) {
  return canonical(one) === canonical(other);
}

/** JSON whose members are in one order. */
function canonical(value) {
  return JSON.stringify(value, (_, member) => {
    const plain = typeof member === 'object' && member !== null && !Array.isArray(member);
    return plain ? Object.fromEntries(Object.entries(member).sort(([one], [other]) => (one < other ? -1 : 1))) : member;
  });
}
