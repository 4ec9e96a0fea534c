// The calls of the module (../README.md), as classes.

const ABI_VERSION = 1;

/** In the order of the numbers in packed answers. */
const REASONS = [
  'flagMissing', 'kindMismatch', 'unsound', 'prerequisiteUnmet', 'off',
  'targetMatch', 'ruleMatch', 'ruleRollout', 'defaultServe', 'defaultRollout',
];
const CODES = { '-1': 'tooLarge', '-2': 'unreadable', '-3': 'newerFormat', '-4': 'noSuchHandle', '-5': 'noSuchFlag' };
const NO_SUCH_FLAG = -5;
const NO_INDEX = -1;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the engine refused, and why. */
export class EngineError extends Error {
  constructor(code, message) {
    super(message);
    this.name = 'EngineError';
    this.code = CODES[code] ?? 'unknown';
  }
}

/** Whom flags are evaluated for. */
export class Target {
  // Where the engine keeps it, for the environment that was asked last.
  environment = undefined;
  handle = 0;

  constructor({ identifier, name = identifier, anonymous = false, attributes = {} }) {
    this.json = JSON.stringify({ identifier, name, anonymous, attributes });
  }

  /** A target from JSON text, which keeps digits of numbers that JavaScript would round. */
  static fromJson(json) {
    const target = new Target({});
    target.json = json;
    return target;
  }
}

/** Gives targets' memory back when nobody can ask for them any more. Old browsers lack it; there it waits for `free`. */
const forgotten = typeof FinalizationRegistry === 'undefined'
  ? { register() {}, unregister() {} }
  : new FinalizationRegistry(({ environment, handle }) => environment.deref()?.forget(handle));

/** One environment at one version. */
export class Environment {
  #calls;
  #handle;
  #indexes = new Map();
  #flags = [];
  #self;

  /** Throws an EngineError if the snapshot is too large, unreadable, or of a newer format. */
  constructor(module, snapshot) {
    // An instance of its own: the memory of an instance never shrinks.
    this.#calls = new WebAssembly.Instance(module, {}).exports;
    if (this.#calls.burgee_abi_version() !== ABI_VERSION) throw new Error('the module and its loader are of different versions');
    if (typeof snapshot === 'string') this.#writeText(snapshot);
    else this.#write(snapshot);
    this.#handle = this.#checked(this.#calls.burgee_environment_load());
    this.#self = typeof WeakRef === 'undefined' ? { deref: () => this } : new WeakRef(this);
    this.version = this.#calls.burgee_environment_version(this.#handle);
    this.flagCount = this.#calls.burgee_flag_count(this.#handle);
  }

  /** The flag's answer for the target; undefined if there is no such flag, or no value. */
  evaluate(flag, target) {
    const index = this.#index(flag);
    if (index === NO_INDEX) return undefined;
    const handle = target.environment === this ? target.handle : this.#intern(target);
    return this.#unpack(index, this.#calls.burgee_evaluate(this.#handle, index, handle));
  }

  /** The flag's value for the target, or what you give where it has none. */
  value(flag, target, otherwise) {
    return this.evaluate(flag, target)?.value ?? otherwise;
  }

  /** The answers of all flags that have one, in the order of their identifiers. */
  evaluateAll(target) {
    const handle = target.environment === this ? target.handle : this.#intern(target);
    const count = this.#checked(this.#calls.burgee_evaluate_all(this.#handle, handle));
    // Copied, because describing a flag for the first time may move the memory.
    const packed = new Int32Array(this.#calls.memory.buffer, this.#calls.burgee_results(), count).slice();
    const answers = [];
    packed.forEach((one, index) => {
      const answer = this.#unpack(index, one);
      if (answer) answers.push(answer);
    });
    return answers;
  }

  /** All answers as the JSON text that client SDKs are sent. */
  evaluateAllJson(target) {
    const handle = this.#intern(target);
    return this.#text(this.#calls.burgee_evaluate_all_json(this.#handle, handle));
  }

  /** One answer as the JSON text that client SDKs are sent; undefined if there is none. */
  evaluateJson(flag, target) {
    return this.#asked('burgee_evaluate_json', flag, target);
  }

  /** How the answer comes about, check by check; undefined if there is no such flag. */
  explain(flag, target) {
    const text = this.#asked('burgee_explain_json', flag, target);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Gives the target's memory back now. */
  free(target) {
    if (target.environment !== this) return;
    forgotten.unregister(target);
    this.forget(target.handle);
    target.environment = undefined;
  }

  /** Gives a target's memory back by its handle. */
  forget(handle) {
    this.#calls.burgee_target_free(handle);
  }

  #asked(call, flag, target) {
    const handle = this.#intern(target);
    this.#writeText(flag);
    const length = this.#calls[call](this.#handle, handle);
    return length === NO_SUCH_FLAG ? undefined : this.#text(length);
  }

  #intern(target) {
    if (target.environment === this) return target.handle;
    target.environment?.free(target);
    this.#writeText(target.json);
    target.handle = this.#checked(this.#calls.burgee_target_intern());
    target.environment = this;
    forgotten.register(target, { environment: this.#self, handle: target.handle }, target);
    return target.handle;
  }

  #index(flag) {
    const known = this.#indexes.get(flag);
    if (known !== undefined) return known;
    this.#writeText(flag);
    const found = this.#calls.burgee_flag(this.#handle);
    // Only what exists is kept: what is asked for may come from outside.
    if (found < 0) return NO_INDEX;
    this.#indexes.set(flag, found);
    return found;
  }

  #unpack(index, packed) {
    if (packed < 16) {
      this.#checked(packed);
      return undefined;
    }
    const flag = this.#flags[index] ??= this.#describe(index);
    return flag.answers[packed] ??= answer(flag, flag.variations[(packed >> 4) - 1], REASONS[packed & 15]);
  }

  #describe(index) {
    const text = this.#text(this.#calls.burgee_flag_describe(this.#handle, index));
    return { ...JSON.parse(text), answers: [] };
  }

  #write(bytes) {
    this.#room(bytes.length).set(bytes);
  }

  /** Most texts are ASCII, a byte for each character, and need no place but the module's. */
  #writeText(text) {
    const { read } = encoder.encodeInto(text, this.#room(text.length));
    if (read < text.length) this.#write(encoder.encode(text));
  }

  #room(length) {
    const address = this.#calls.burgee_input(length);
    if (address === 0) throw this.#failure(-1);
    return new Uint8Array(this.#calls.memory.buffer, address, length);
  }

  #checked(result) {
    if (result < 0) throw this.#failure(result);
    return result;
  }

  #text(length) {
    return this.#read(this.#checked(length));
  }

  #read(length) {
    return decoder.decode(new Uint8Array(this.#calls.memory.buffer, this.#calls.burgee_answer(), length));
  }

  #failure(code) {
    return new EngineError(code, this.#read(this.#calls.burgee_answer_length()));
  }
}

function answer({ flag, kind }, { identifier, value: text }, reason) {
  return Object.freeze({ flag, kind, identifier, value: typed(kind, text), text, reason });
}

/** Undefined where the text is not of the flag's kind: then the application's default counts. */
function typed(kind, text) {
  switch (kind) {
    case 'boolean': return text.toLowerCase() === 'true';
    case 'int': return text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
    case 'json': return parsed(text);
    default: return text;
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
