import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
const { version } = require('@tensorflow/tfjs-backend-wasm/package.json');

export const peerName = `tfjs-wasm ${version}`;

/** What is said wherever the peer needs the gradient of an embedding. */
export const patchNote =
  "stock tfjs-wasm has no UnsortedSegmentSum, so the peer has one of the bench's, a plain loop over its heap";

/** Starts stock TensorFlow.js as its packages give it to Node; ours is a copy apart. */
export async function startPeer() {
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

/** Bytes of the peer's WebAssembly memory. */
export function peerHeapBytes(tf) {
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
