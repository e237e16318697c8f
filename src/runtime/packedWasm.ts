import relaxed from '../../dist/wasm/anyformer.relaxed.wasm?packed';
import simd from '../../dist/wasm/anyformer.simd.wasm?packed';
import tfjs from '../../dist/wasm/tfjs-backend-wasm-simd.wasm?packed';
import type { WasmFile, WasmSource } from './runtime.ts';

const packed: Readonly<Partial<Record<WasmFile, string>>> = {
  'anyformer.relaxed.wasm': relaxed,
  'anyformer.simd.wasm': simd,
  'tfjs-backend-wasm-simd.wasm': tfjs,
};

/** The WebAssembly for one thread as a part of the program, for where its files are not found. */
export async function unpackWasm(file: WasmFile): Promise<WasmSource | undefined> {
  const base64 = packed[file];
  if (base64 === undefined) return undefined;
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(unpacked).arrayBuffer();
}
