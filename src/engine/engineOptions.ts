import * as v from 'valibot';
import { parseOptions } from '../core/options.ts';
import { checkModules, type WasmModules } from './loadWasm.ts';

/** The options of `createEngine`. */
export interface EngineOptions {
  /**
   * Whether to use relaxed SIMD (fused multiply-add) if the runtime has it: about 1.3 times faster.
   * The last bits of the results then differ between machines; `false` gives the same bits
   * everywhere. Default: true.
   */
  readonly relaxed?: boolean;
  /**
   * The number of threads, including the calling one; 'auto' = one per processor, at most 8. The
   * results do not depend on it. Default: 'auto'.
   */
  readonly threads?: number | 'auto';
  /**
   * The WebAssembly files, if the runtime does not find the package's own: a function that returns
   * each file by its name, or an object with the files to replace. Default: the package's own files.
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
