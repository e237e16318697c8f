import { digest } from './digest.mjs';

/**
 * Runs what tfjs computes with XNNPACK on so many threads, the same in every runtime.
 *
 * @param {{ tf: typeof import('anyformer/tf') }} entries
 * @param {import('anyformer').EngineOptions} options
 */
export async function convolutions({ tf }, options) {
  const engine = await tf.createEngine(options);
  const { tfjs } = engine.backend.wasm;
  const { count } = engine.info().threads;
  const operations = operationsOf(tf);
  // Threads are started once there is work for them, and used from the call that finds them all there.
  for (const end = performance.now() + 20_000; performance.now() < end; ) {
    operations.convolution().dispose();
    if (tfjs.getThreadsCount() === count) break;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const digests = {};
  for (const [name, operation] of Object.entries(operations)) {
    const values = tf.tidy(() => operation().dataSync().slice());
    if (!values.every(Number.isFinite)) throw new Error(`${name} is not finite`);
    digests[name] = await digest(values);
  }
  return { runtime: engine.info().runtime, threads: tfjs.getThreadsCount(), digests };
}

/** Those that are shared out, with sizes that no tile divides among them. */
function operationsOf(tf) {
  const random = (...shape) => tf.randomNormal(shape, 0, 1, 'float32', shape.length + shape[0]);
  const image = random(2, 40, 40, 24);
  const filter = random(3, 3, 24, 32);
  const odd = random(1, 31, 29, 5);
  const oddFilter = random(3, 5, 5, 7);
  const bias = random(32);
  const depthwise = random(3, 3, 24, 1);
  const slopes = random(24);
  const rows = random(300, 333);
  const fused = { x: image, filter, bias, strides: 1, pad: 'same', activation: 'relu' };
  return {
    convolution: () => tf.conv2d(image, filter, 1, 'same'),
    stridedConvolution: () => tf.conv2d(image, filter, 2, 'same'),
    dilatedConvolution: () => tf.conv2d(image, filter, 1, 'same', 'NHWC', 2),
    oddConvolution: () => tf.conv2d(odd, oddFilter, 1, 'valid'),
    fusedConvolution: () => tf.fused.conv2d(fused),
    depthwiseConvolution: () => tf.depthwiseConv2d(image, depthwise, 1, 'same'),
    maxPool: () => tf.maxPool(image, 3, 2, 'same'),
    avgPool: () => tf.avgPool(image, 3, 2, 'same'),
    prelu: () => tf.prelu(image, slopes),
    resize: () => tf.image.resizeBilinear(image, [57, 33]),
    softmax: () => tf.softmax(rows),
    sigmoid: () => tf.sigmoid(rows),
    sum: () => tf.add(image, slopes),
    product: () => tf.mul(image, image),
  };
}
