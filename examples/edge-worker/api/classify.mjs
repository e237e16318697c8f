import { createEngine, TextClassifier } from 'anyformer';
import kernels from 'anyformer/wasm/anyformer.simd.wasm?module';
import tfjs from 'anyformer/wasm/tfjs-backend-wasm-simd.wasm?module';
import { answer, predict } from '../src/answer.mjs';

export const config = { runtime: 'edge' };

/** @type {Promise<unknown> | undefined} */
let engine;
/** @type {Promise<TextClassifier> | undefined} */
let loading;

/**
 * An edge function as Vercel runs them: `POST /api/classify` labels a text. The model is fetched
 * from the site's own files once, with the first request.
 *
 * @param {Request} request
 */
export default function classify(request) {
  return answer(request, async (body) => predict(await load(request.url), body));
}

/** @param {string} site */
async function load(site) {
  // Not every bundler of edge functions knows the condition that would find these by itself.
  engine ??= createEngine({
    relaxed: false,
    threads: 1,
    modules: { 'anyformer.simd.wasm': kernels, 'tfjs-backend-wasm-simd.wasm': tfjs },
  });
  await engine;
  loading ??= TextClassifier.load(new URL('/model', site));
  try {
    return await loading;
  } catch (error) {
    // The next request tries again.
    loading = undefined;
    throw error;
  }
}
