// Prints what the module asks for.

import { loadModule } from 'burgee-eval';

const module = await loadModule();
const { exports } = new WebAssembly.Instance(module, {});
let pages = exports.memory.buffer.byteLength / 65_536;
try {
  for (;;) {
    exports.memory.grow(1);
    pages += 1;
  }
} catch {
  // Its own limit is reached.
}
console.log(JSON.stringify({ imports: WebAssembly.Module.imports(module), pages_max: pages }));
