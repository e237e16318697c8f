// Everything the module exports. A kernel file may export more for other kernels; only what is named
// here becomes a WebAssembly export.

export { initialize, tableBytes } from './lib/constants';
