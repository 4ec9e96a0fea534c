// Finds the largest snapshot of each shape that the module takes, and gives it 1,000 that are larger.

import { Environment, Target, loadModule } from 'burgee-eval';

const module = await loadModule();
const list = (count, item) => Array.from({ length: count }, (_, index) => item(index)).join(',');
const flag = (fields) => `{"flags":[{"feature":"a","state":"on",${fields}}]}`;
const segment = (fields) => `{"segments":[{"identifier":"a",${fields}}]}`;
const clause = (fields) => flag(`"rules":[{"clauses":[{${fields}}]}]`);
const variations = '[{"identifier":"on","name":"On","value":"true"},{"identifier":"off","name":"Off","value":"false"}]';

const shapes = {
  'typical flags': (n) => `{"flags":[${list(n, (i) => `{"project":"shop","environment":"production","feature":"flag-${i}","state":"on","kind":"boolean","variations":${variations},"offVariation":"off","defaultServe":{"variation":"off"},"rules":[{"ruleId":"rule-${i}","priority":1,"clauses":[{"id":"c","attribute":"","op":"segmentMatch","values":["segment-${i % 20}"],"negate":false}],"serve":{"distribution":{"bucketBy":"identifier","variations":[{"variation":"on","weight":50},{"variation":"off","weight":50}]}}}],"variationToTargetMap":[],"prerequisites":[],"version":1}`)}]}`,
  'bare flags': (n) => `{"flags":[${list(n, (i) => `{"feature":"${i}"}`)}]}`,
  'bare segments': (n) => `{"segments":[${list(n, (i) => `{"identifier":"${i}"}`)}]}`,
  rules: (n) => flag(`"rules":[${list(n, () => '{}')}]`),
  clauses: (n) => flag(`"rules":[{"clauses":[${list(n, () => '{}')}]}]`),
  'unknown operators': (n) => flag(`"rules":[{"clauses":[${list(n, (i) => `{"op":"${i}","values":["\u200b"]}`)}]}]`),
  operands: (n) => clause(`"op":"in","attribute":"a","values":[${list(n, (i) => `"${i}"`)}]`),
  'numbers as operands': (n) => clause(`"op":"in","attribute":"a","values":[${list(n, (i) => i)}]`),
  'segments asked for': (n) => clause(`"op":"segmentMatch","values":[${list(n, (i) => `"${i}"`)}]`),
  patterns: (n) => flag(`"rules":[{"clauses":[${list(n, () => '{"op":"match","attribute":"a","values":["[a-z]+[0-9]*(x|y|zz)?.*[^a]"]}')}]}]`),
  'counted patterns': (n) => flag(`"rules":[{"clauses":[${list(n, () => '{"op":"match","attribute":"a","values":["(\\\\w{9}){99}"]}')}]}]`),
  variations: (n) => flag(`"variations":[${list(n, () => '{}')}]`),
  'a target map': (n) => flag(`"variationToTargetMap":[${list(n, () => '{}')}]`),
  'targets of a map': (n) => flag(`"variationToTargetMap":[{"targets":[${list(n, (i) => `{"identifier":"user-${i}","name":"user-${i}"}`)}]}]`),
  prerequisites: (n) => flag(`"prerequisites":[${list(n, (i) => `{"feature":"${i}"}`)}]`),
  shares: (n) => flag(`"defaultServe":{"distribution":{"variations":[${list(n, () => '{}')}]}}`),
  'listed targets': (n) => segment(`"included":[${list(n, (i) => `{"identifier":"user-${i}","name":"user-${i}"}`)}]`),
  'targets by identifier': (n) => segment(`"included":[${list(n, (i) => `"${i}"`)}]`),
  'nothing listed': (n) => segment(`"excluded":[${list(n, () => '{}')}]`),
  'rules of a segment': (n) => segment(`"servingRules":[${list(n, () => '{"clauses":[{}]}')}]`),
  tags: (n) => segment(`"tags":[${list(n, () => '{}')}]`),
  'a long value': (n) => flag(`"variations":[{"identifier":"a","value":"${'x'.repeat(n * 16)}"}]`),
  'a value of escapes': (n) => flag(`"variations":[{"identifier":"a","value":"${'\\n'.repeat(n * 16)}"}]`),
  'lists that nobody reads': (n) => `{"unknown":[${list(n, () => '[]')}]}`,
};

const traps = [];
const largest = {};

/** Whether the module takes it; what is neither taken nor refused is a trap. */
function takes(name, count) {
  try {
    const environment = new Environment(module, shapes[name](count));
    environment.evaluateAllJson(new Target({ identifier: 'user-7', attributes: { a: 'x'.repeat(1_000) } }));
    return true;
  } catch (error) {
    if (error.code !== 'tooLarge') traps.push({ name, count, error: `${error.name}: ${error.message}` });
    return false;
  }
}

/** Within a sixteenth. */
function find(name) {
  let [taken, refused] = [1, 2];
  while (takes(name, refused)) [taken, refused] = [refused, refused * 2];
  while ((refused - taken) * 16 > taken) {
    const middle = Math.floor((taken + refused) / 2);
    if (middle === taken) break;
    if (takes(name, middle)) taken = middle;
    else refused = middle;
  }
  return { count: taken, bytes: shapes[name](taken).length };
}

for (const name of Object.keys(shapes)) largest[name] = find(name);

// Half of them in one instance: a refusal must leave nothing behind.
let refused = 0;
const environment = new Environment(module, shapes['bare flags'](10));
const tooLarge = { refused: shapes.rules(largest.rules.count * 2), target: `{"identifier":"${'x'.repeat(65_536)}"}` };
for (let attempt = 0; attempt < 500; attempt += 1) {
  try {
    environment.evaluate('1', Target.fromJson(tooLarge.target));
  } catch (error) {
    if (error.code === 'tooLarge') refused += 1;
  }
  try {
    new Environment(module, tooLarge.refused);
  } catch (error) {
    if (error.code === 'tooLarge') refused += 1;
  }
}
console.log(JSON.stringify({ traps, refused, largest }));
