import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import type { JavaScriptFallback } from '../runtime/runtime.ts';

/** The name that tfjs's kernels in plain JavaScript are registered for. */
const BACKEND = 'cpu';

/**
 * Makes plain JavaScript the tfjs backend, and says so on the console: it computes the same numbers
 * far slower, which nobody should have to find out by measuring.
 *
 * @throws AnyformerError `ENGINE` when its file cannot be loaded.
 */
export async function bootJavaScript(fallback: JavaScriptFallback, reason: string): Promise<void> {
  const backend = await fallback
    .load()
    .then(({ createBackend }) => createBackend())
    .catch((cause: unknown) => {
      throw new AnyformerError(
        'ENGINE',
        `WebAssembly may not run (${reason}), and what runs without it could not be loaded: ` +
          `${cause instanceof Error ? cause.message : String(cause)}. Serve all files of the ` +
          "package's dist beside the script.",
        { cause },
      );
    });
  tf.registerBackend(BACKEND, () => backend, 1);
  if (!(await tf.setBackend(BACKEND))) {
    throw new AnyformerError('ENGINE', 'tfjs refused to switch to the JavaScript backend.');
  }
  console.warn(`anyformer runs on plain JavaScript, which is far slower: ${reason}.`);
}
