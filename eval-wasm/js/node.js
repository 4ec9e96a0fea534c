// Node.js.

import { readFile } from 'node:fs/promises';

import { Client as AnyClient } from './client.js';

export { EngineError, Environment, Target } from './engine.js';

let module;

/** The engine's module, read and compiled once. */
export function loadModule() {
  return module ??= readFile(new URL('./eval.wasm', import.meta.url)).then((bytes) => WebAssembly.compile(bytes));
}

/** A client that brings the module along. */
export class Client extends AnyClient {
  constructor(options) {
    super({ module: loadModule(), ...options });
  }
}
