import * as v from 'valibot';
import { parseOptions } from '../core/options.ts';
import { checkModules, type WasmModules } from './loadWasm.ts';

export interface EngineOptions {
  /**
   * Relaxed SIMD: fused multiply-add where the host has it, about 1.3 times faster. Its last bits
   * differ between machines; `false` gives the same bits everywhere. Default: `true`.
   */
  readonly relaxed?: boolean;
  /**
   * Threads to compute with, the calling one among them; 'auto' is one a processor, at most 8. They
   * do not change a bit of the results. Default: 'auto'.
   */
  readonly threads?: number | 'auto';
  /**
   * The WebAssembly where the host's own way to it does not fit: a function that gives each file by
   * its name, or an object of those that are replaced. Default: the host's own way for all of them.
   */
  readonly modules?: WasmModules;
}

const schema = v.strictObject({
  relaxed: v.optional(v.boolean('true or false'), true),
  threads: v.optional(
    v.custom<number | 'auto'>(() => true),
    'auto',
  ), // by chooseThreads
  modules: v.optional(
    v.custom<WasmModules>(() => true),
    {},
  ), // by checkModules
});

/** @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`. */
export function parseEngineOptions(options: EngineOptions | undefined): Required<EngineOptions> {
  const parsed = parseOptions('createEngine', schema, options);
  checkModules(parsed.modules);
  return parsed;
}
