// The same flags through our engine and two peers, all in WebAssembly in one process: milliseconds to load, nanoseconds
// for each flag. Every flag is on for targets of plan "pro", which is checked. Prints one line of JSON for each engine.

import { instantiate } from '@devcycle/bucketing-assembly-script';
import { FliptClient } from '@flipt-io/flipt-client-js';

import { Environment, Target, loadModule } from '../../../eval-wasm/js/node.js';

const FLAGS = 350;
const LOADS = 50;
const ROUNDS = 200;
const ids = Array.from({ length: FLAGS }, (_, number) => `flag-${number}`);
const plans = [['pro', true], ['free', false]];

function ours(module) {
  const variations = [true, false].map((value) => ({ identifier: String(value), name: String(value), value: String(value) }));
  const clause = { id: 'c', attribute: 'plan', op: 'equal', values: ['pro'], negate: false };
  const snapshot = JSON.stringify({
    format: 1,
    environment: 'e',
    version: 1,
    flags: ids.map((feature) => ({
      project: 'p', environment: 'e', feature, state: 'on', kind: 'boolean', variations, offVariation: 'false',
      defaultServe: { variation: 'false' }, prerequisites: [], variationToTargetMap: [], version: 1,
      rules: [{ ruleId: 'r', priority: 1, clauses: [{ id: 'c', attribute: '', op: 'segmentMatch', values: ['pro'], negate: false }], serve: { variation: 'true' } }],
    })),
    segments: [{ identifier: 'pro', name: 'pro', servingRules: [{ ruleId: 'r', priority: 1, clauses: [clause] }], version: 1 }],
  });
  let environment;
  return {
    load: () => { environment = new Environment(module, snapshot); },
    target: (plan) => new Target({ identifier: 'ann', attributes: { plan } }),
    value: (target, id) => environment.evaluate(id, target).value,
    all: (target) => environment.evaluateAll(target),
  };
}

async function flipt() {
  const segment = { key: 'pro', name: 'pro', matchType: 'ALL_SEGMENT_MATCH_TYPE', constraints: [{ type: 'STRING_CONSTRAINT_COMPARISON_TYPE', property: 'plan', operator: 'eq', value: 'pro' }] };
  const flags = ids.map((key) => ({
    key, name: key, description: '', enabled: false, type: 'BOOLEAN_FLAG_TYPE', createdAt: '2026-01-01T00:00:00Z', updatedAt: '2026-01-01T00:00:00Z', rules: [],
    rollouts: [{ type: 'SEGMENT_ROLLOUT_TYPE', rank: 1, segment: { value: true, segmentOperator: 'OR_SEGMENT_OPERATOR', segments: [segment] } }],
  }));
  const state = JSON.stringify({ namespace: { key: 'default' }, flags });
  const fetcher = async () => new Response(state, { headers: { etag: '"1"' } });
  let client;
  return {
    load: async () => {
      client?.close?.();
      client = await FliptClient.init({ namespace: 'default', url: 'http://unused.invalid', fetcher, updateInterval: 0 });
    },
    target: (plan) => ({ plan }),
    value: (context, flagKey) => client.evaluateBoolean({ flagKey, entityId: 'ann', context }).enabled,
  };
}

async function devcycle() {
  const engine = await instantiate();
  engine.setPlatformData(JSON.stringify({ platform: 'NodeJS', platformVersion: '20', sdkType: 'server', sdkVersion: '1', hostname: 'h' }));
  const audience = (filter) => ({ _id: 'a', filters: { operator: 'and', filters: [filter] } });
  const isPro = { type: 'user', subType: 'customData', dataKey: 'plan', dataKeyType: 'String', comparator: '=', values: ['pro'] };
  const config = JSON.stringify({
    project: { _id: 'p', key: 'p', a0_organization: 'o', settings: { edgeDB: { enabled: false }, optIn: { enabled: false, title: '', description: '', imageURL: '', colors: { primary: '#000', secondary: '#000' } }, disablePassthroughRollouts: true } },
    environment: { _id: 'e', key: 'e' },
    features: ids.map((id) => ({
      _id: `f-${id}`, type: 'release', key: id, settings: {},
      variations: [true, false].map((value) => ({ _id: `${id}-${value}`, name: `${value}`, key: `${value}`, variables: [{ _var: `v-${id}`, value }] })),
      configuration: {
        _id: `c-${id}`, forcedUsers: {},
        targets: [
          { _id: `t1-${id}`, _audience: audience(isPro), distribution: [{ _variation: `${id}-true`, percentage: 1 }] },
          { _id: `t2-${id}`, _audience: audience({ type: 'all', comparator: '=', values: [] }), distribution: [{ _variation: `${id}-false`, percentage: 1 }] },
        ],
      },
    })),
    variables: ids.map((id) => ({ _id: `v-${id}`, type: 'Boolean', key: id })),
    variableHashes: Object.fromEntries(ids.map((id, number) => [id, number])),
  });
  const BOOLEAN = engine.VariableType.Boolean;
  return {
    load: () => engine.setConfigData('key', config),
    target: (plan) => JSON.stringify({ user_id: 'ann', customData: { plan } }),
    value: (user, id) => JSON.parse(engine.variableForUser('key', user, id, BOOLEAN, false)).value,
    all: (user) => engine.generateBucketedConfigForUser('key', user),
  };
}

const median = (times) => times.sort((one, other) => one - other)[times.length >> 1];

async function timed(count, work) {
  const times = [];
  for (let turn = 0; turn < count; turn += 1) {
    const started = performance.now();
    await work();
    times.push(performance.now() - started);
  }
  return median(times);
}

async function measure(name, engine) {
  await engine.load();
  for (const [plan, expected] of plans) {
    const target = engine.target(plan);
    const wrong = ids.filter((id) => engine.value(target, id) !== expected);
    if (wrong.length > 0) throw new Error(`${name} answers otherwise for plan ${plan}: ${wrong.slice(0, 3)}`);
  }
  const load = await timed(LOADS, () => engine.load());
  const target = engine.target('pro');
  const one = await timed(ROUNDS, () => ids.forEach((id) => engine.value(target, id)));
  const all = engine.all && await timed(ROUNDS, () => engine.all(target));
  const perFlag = (ms) => ms && Math.round(ms * 1e6 / FLAGS);
  console.log(JSON.stringify({ name, load_ms: Number(load.toFixed(3)), ns_per_flag: perFlag(one), ns_per_flag_all: perFlag(all) }));
}

const module = await loadModule();
await measure('burgee', ours(module));
await measure('@flipt-io/flipt-client-js', await flipt());
await measure('@devcycle/bucketing-assembly-script', await devcycle());
