import { createRequire } from 'node:module';
import path from 'node:path';
import { threads } from './settings.mjs';

const require = createRequire(import.meta.url);
const { version } = require('@tensorflow/tfjs-backend-wasm/package.json');

/** In Node it has one thread, whatever it is told. */
export const tfjsName = `tfjs-wasm ${version}${threads > 1 ? ', 1 thread' : ''}`;

/** What is said wherever it needs the gradient of an embedding. */
export const patchNote =
  "stock tfjs-wasm has no UnsortedSegmentSum, so it has one of the bench's here, a plain loop over its heap";

let started;

/** Starts stock TensorFlow.js as its packages give it to Node; ours is a copy apart. */
export function startTfjs() {
  started ??= start();
  return started;
}

async function start() {
  const tf = require('@tensorflow/tfjs-core');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  // For its side effect: the packaged core has no gradients, layers registers them.
  require('@tensorflow/tfjs-layers');
  wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}${path.sep}`);
  if (!(await tf.setBackend('wasm'))) throw new Error('Stock tfjs-wasm did not start.');
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: unsortedSegmentSum,
  });
  return tf;
}

/** Bytes of its WebAssembly memory. */
export function tfjsHeapBytes(tf) {
  return tf.backend().wasm.HEAPU8.buffer.byteLength;
}

/** Adds each row of x to the row of the output that its id names: on the heap, without copies. */
function unsortedSegmentSum({ inputs: { x, segmentIds }, attrs: { numSegments }, backend }) {
  const width = x.shape.slice(segmentIds.shape.length).reduce((product, n) => product * n, 1);
  const output = backend.makeOutput([numSegments, ...x.shape.slice(1)], 'float32');
  const sums = backend.typedArrayFromHeap(output);
  const rows = backend.typedArrayFromHeap(x);
  const ids = backend.typedArrayFromHeap(segmentIds);
  sums.fill(0);
  for (let row = 0; row < ids.length; row++) {
    const to = ids[row] * width;
    const from = row * width;
    for (let j = 0; j < width; j++) sums[to + j] += rows[from + j];
  }
  return output;
}
