import { checkAgreement } from '../support/agreement.mjs';
import { alternate } from '../support/alternate.mjs';
import { bandwidthNote } from '../support/bandwidth.mjs';
import { MICROSOFT, node } from '../support/onnx.mjs';
import { openRepeatable, ortName } from '../support/ort.mjs';
import { startOurs } from '../support/ours.mjs';
import { startTfjs, tfjsName } from '../support/tfjs.mjs';

const LAYOUTS = ['NN', 'NT', 'TN', 'TT'];
const cases = [
  ...[512, 1024].flatMap((size) =>
    LAYOUTS.map((layout) => ({ name: `${size}^3 ${layout}`, layout, M: size, N: size, K: size })),
  ),
  // The scores of all heads, query keyᵀ, and their use, probabilities value.
  { name: '[32,128,64] NT', layout: 'NT', M: 128, N: 128, K: 64, batch: 32 },
  { name: '[32,128,128] NN', layout: 'NN', M: 128, N: 64, K: 128, batch: 32 },
  // Linear layers: the activations of 32 x 128 tokens by weights. Then of one token.
  ...[
    [4096, 256, 256],
    [4096, 256, 1024],
    [4096, 1024, 256],
    [1, 384, 1536],
    [1, 1024, 4096],
  ].map(([M, K, N]) => ({ name: `linear [${M},${K}]x[${K},${N}]`, layout: 'NN', M, N, K })),
].map((one) => ({ batch: 1, ...one, isLinear: one.name.startsWith('linear') }));

const FLOAT_BYTES = 4;

/**
 * C = op(A) op(B), T for what is transposed; our kernel alone against the peers' operations. Linear
 * layers are as in prediction: ours and onnxruntime-web keep their weights packed.
 */
export async function measure(context) {
  const operations = await startOurs();
  const peerTf = await startTfjs();
  for (const one of cases) {
    context.progress(one.name);
    await measureCase(context, operations, peerTf, one);
  }
}

async function measureCase({ report }, operations, peerTf, one) {
  const { tf, engine } = operations;
  const { name, M, N, K, batch } = one;
  const operands = shapes(one).map((shape, i) => tf.randomNormal(shape, 0, 1, 'float32', i + 1));
  const ours = ourProduct(operations, operands, one);
  const tfjs = tfjsProduct(peerTf, operands, one);
  const ort = await openRepeatable(productGraph(operands, one));
  checkAgreement(`${name}: the products`, ours.result(), tfjs.result());
  checkAgreement(`${name}: the products`, ours.result(), await ort.result());

  const sides = [
    { peerName: tfjsName, call: tfjs.run },
    { peerName: ortName, call: ort },
  ];
  const measured = await alternate(ours.run, sides);
  const gflops = (ms) => (2 * batch * M * N * K) / (ms * 1e6);
  await report({
    ...measured,
    name: `gemm ${name}`,
    ours: gflops(measured.ours),
    peers: measured.peers.map((side) => ({ ...side, peer: gflops(side.peer) })),
    unit: 'GFLOP/s',
    engine,
    // With one row it is bound by reading the weights.
    ...(M > 1
      ? { gflops: gflops(measured.ours) }
      : { note: [await bandwidthNote(K * N * FLOAT_BYTES, measured.ours), measured.note] }),
  });
  tf.dispose([...operands, ours.output]);
  peerTf.dispose(tfjs.operands);
  await ort.release();
}

/** Of both operands as they lie in memory. */
function shapes({ layout, M, N, K, batch }) {
  const [a, b] = [layout[0] === 'T' ? [K, M] : [M, K], layout[1] === 'T' ? [N, K] : [K, N]];
  return batch === 1 ? [a, b] : [a, b].map((shape) => [batch, ...shape]);
}

const transposes = ({ layout }) => [...layout].map((letter) => letter === 'T');

function ourProduct({ tf, engine, multiply, multiplyBatch }, operands, one) {
  const { M, N, K, batch, isLinear } = one;
  const [transposeA, transposeB] = transposes(one);
  const { backend } = engine;
  const output = tf.zeros([batch, M, N]);
  const run = () => {
    const [a, b, c] = [...operands, output].map((tensor) => backend.pointer(tensor));
    const product = { a, b, c, M, N, K, transposeA, transposeB };
    // Weights are known by their identity and stay packed; other operands are new each time.
    if (batch === 1) multiply(backend, product, isLinear ? operands[1].dataId : undefined);
    else multiplyBatch(backend, { ...product, batch, stepA: M * K, stepB: K * N });
  };
  const result = () => {
    run();
    return output.dataSync();
  };
  return { run, result, output };
}

function tfjsProduct(tf, ourOperands, one) {
  const operands = ourOperands.map((x) => tf.tensor(x.dataSync(), x.shape));
  const multiply = () => tf.matMul(...operands, ...transposes(one));
  return {
    operands,
    run: () => multiply().dispose(),
    result: () => tf.tidy(() => multiply().dataSync()),
  };
}

/** Weights are constants of the graph, as in an exported model. */
function productGraph(operands, one) {
  const { M, N, batch, isLinear } = one;
  const [a, b] = operands.map((tensor, i) => ({
    name: 'ab'[i],
    type: 'float32',
    shape: tensor.shape,
    data: tensor.dataSync(),
  }));
  const [transA, transB] = transposes(one).map(Number);
  const isPlain = transA + transB === 0;
  const product = isPlain
    ? node('MatMul', ['a', 'b'], ['c'])
    : node('FusedMatMul', ['a', 'b'], ['c'], { transA, transB }, MICROSOFT);
  return {
    inputs: isLinear ? [a] : [a, b],
    initializers: isLinear ? [b] : [],
    outputs: [{ name: 'c', type: 'float32', shape: batch === 1 ? [M, N] : [batch, M, N] }],
    nodes: [product],
  };
}
