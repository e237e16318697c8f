import { AnyformerError } from '../core/errors.ts';
import { bootEngine, type Engine } from '../engine/engine.ts';
import type { EngineOptions } from '../engine/engineOptions.ts';
import { registerOurKernels, registerTfjsKernels } from './equipment.ts';

let running: Promise<Engine> | undefined;

/**
 * Starts the engine: tfjs on WebAssembly with our kernels, as the current tfjs backend. There is
 * one in a realm, so calling it again gives the same one. A page that may not run WebAssembly gets
 * one on plain JavaScript, far slower; `info()` and a warning on the console say so.
 *
 * Tasks start it themselves where it does not run yet: call this before them to give options.
 *
 * @param options taken by the first call only.
 * @throws AnyformerError `UNSUPPORTED` without WebAssembly SIMD; `ENGINE` when a file cannot be
 *   loaded or started, or when options are given to an engine that runs already;
 *   `INVALID_ARGUMENT` or `UNKNOWN_OPTION` for options.
 *
 * @example
 * const engine = await createEngine();
 * console.log(String(engine));
 *
 * @example
 * // The WebAssembly from another place than the package's own.
 * await createEngine({ modules: (file) => new URL(file, 'https://cdn.example/anyformer/') });
 */
export async function createEngine(options?: EngineOptions): Promise<Engine> {
  if (running !== undefined) {
    if (options !== undefined && Object.keys(options).length > 0) {
      throw new AnyformerError(
        'ENGINE',
        `The engine runs already, so its options (${Object.keys(options).join(', ')}) cannot be ` +
          'set any more; call createEngine(options) before anything else.',
      );
    }
    return running;
  }
  running = start(options);
  // A start that failed (a file not found, say) may be tried again.
  running.catch(() => {
    running = undefined;
  });
  return running;
}

async function start(options: EngineOptions | undefined): Promise<Engine> {
  registerTfjsKernels();
  const engine = await bootEngine(options);
  if (engine.backend) registerOurKernels();
  return engine;
}
