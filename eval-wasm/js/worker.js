// Cloudflare Workers: the module is compiled when the Worker is deployed.

import module from './eval.wasm';

import { Client as AnyClient } from './client.js';

export { EngineError, Environment, Target } from './engine.js';

/** The engine's module. */
export async function loadModule() {
  return module;
}

/** A client that brings the module along. */
export class Client extends AnyClient {
  constructor(options) {
    super({ module, ...options });
  }
}
