import relaxed from '../../dist/wasm/anyformer.relaxed.wasm';
import simd from '../../dist/wasm/anyformer.simd.wasm';
import tfjs from '../../dist/wasm/tfjs-backend-wasm-simd.wasm';
import type { Runtime, WasmFile, WasmGiven } from './runtime.ts';

const modules: Readonly<Partial<Record<WasmFile, WasmGiven>>> = {
  'anyformer.relaxed.wasm': relaxed,
  'anyformer.simd.wasm': simd,
  'tfjs-backend-wasm-simd.wasm': tfjs,
};

/** workerd (Cloudflare Workers): compiles no bytes, so the bundler imports the files as modules. */
export const runtime: Runtime = {
  name: 'workerd',
  withoutThreads: 'a Worker has one thread',
  loadWasm: async (file) => modules[file]!,
};
