// Browsers, and bundlers that follow `new URL(…, import.meta.url)`.

import { Client as AnyClient } from './client.js';

export { EngineError, Environment, Target } from './engine.js';

let module;

/** The engine's module, fetched and compiled once. */
export function loadModule() {
  return module ??= WebAssembly.compileStreaming(fetch(new URL('./eval.wasm', import.meta.url)));
}

/** A client that brings the module along. */
export class Client extends AnyClient {
  constructor(options) {
    super({ module: loadModule(), ...options });
  }
}
