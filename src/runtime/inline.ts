import relaxed from '../../dist/wasm/anyformer.relaxed.wasm?inline';
import simd from '../../dist/wasm/anyformer.simd.wasm?inline';
import tfjs from '../../dist/wasm/tfjs-backend-wasm-simd.wasm?inline';
import { javaScript } from './javaScriptFallback.ts';
import type { Runtime, WasmFile } from './runtime.ts';

const decoders: Readonly<Partial<Record<WasmFile, () => Uint8Array<ArrayBuffer>>>> = {
  'anyformer.relaxed.wasm': relaxed,
  'anyformer.simd.wasm': simd,
  'tfjs-backend-wasm-simd.wasm': tfjs,
};

/** One file that asks for no other, on any host that compiles bytes. */
export const runtime: Runtime = {
  name: 'inline',
  withoutThreads: 'a thread runs another file, and anyformer/inline is one file',
  loadWasm: async (file) => decoders[file]!(),
  javaScript,
};
