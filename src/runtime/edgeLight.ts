import simd from '../../dist/wasm/anyformer.simd.wasm?module';
import tfjs from '../../dist/wasm/tfjs-backend-wasm-simd.wasm?module';
import type { Runtime, WasmFile, WasmGiven } from './runtime.ts';

const modules: Readonly<Partial<Record<WasmFile, WasmGiven>>> = {
  'anyformer.simd.wasm': simd,
  'tfjs-backend-wasm-simd.wasm': tfjs,
};

/** Vercel-style edge functions: as workerd, where `?module` asks the bundler for a module. */
export const runtime: Runtime = {
  name: 'edge-light',
  withoutThreads: 'an edge function has one thread',
  loadWasm: async (file) => modules[file]!,
  // All that is imported is compiled at the start, and Node 20, which `next dev` may run on, cannot.
  withoutRelaxedSimd: 'edge functions are bundled without it, to start on Node 20 too',
};
