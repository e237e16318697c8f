import { alternate } from '../support/measure.mjs';
import { startOurs } from '../support/ours.mjs';
import { peerName, startPeer } from '../support/peer.mjs';

const cases = [
  ...[512, 1024].flatMap((size) =>
    ['NN', 'NT', 'TN', 'TT'].map((layout) => ({ layout, M: size, N: size, K: size, batch: 1 })),
  ),
  // The scores of all heads, query keyᵀ, and their use, probabilities value.
  { layout: 'NT', M: 128, N: 128, K: 64, batch: 32 },
  { layout: 'NN', M: 128, N: 64, K: 128, batch: 32 },
];

/** C = op(A) op(B), T for what is transposed; our kernel alone against the peer's operation. */
export async function measure({ progress, report, measurePeak }) {
  const { tf, engine, multiply, multiplyBatch } = await startOurs();
  const peerTf = await startPeer();
  const peak = await measurePeak({ relaxed: engine.info().relaxedSimd.enabled });
  progress(`peak of a core ${peak.toFixed(1)} GFLOP/s`);
  const { backend } = engine;
  for (const { layout, M, N, K, batch } of cases) {
    const [transposeA, transposeB] = [...layout].map((letter) => letter === 'T');
    const size = M === N && N === K ? `${M}^3` : `[${batch}] ${M}x${N}x${K}`;
    progress(`${size} ${layout}`);
    const shapeA = [batch, ...(transposeA ? [K, M] : [M, K])];
    const shapeB = [batch, ...(transposeB ? [N, K] : [K, N])];
    const operands = [tf.randomNormal(shapeA, 0, 1), tf.randomNormal(shapeB, 0, 1)];
    const result = tf.zeros([batch, M, N]);
    const ours = () => {
      const [a, b, c] = [...operands, result].map((tensor) => backend.pointer(tensor));
      const product = { a, b, c, M, N, K, transposeA, transposeB };
      if (batch === 1) multiply(backend, product);
      else multiplyBatch(backend, { ...product, batch, stepA: M * K, stepB: K * N });
    };
    const peerOperands = operands.map((tensor, i) => {
      const shape = i === 0 ? shapeA : shapeB;
      return peerTf.tensor(tensor.dataSync(), batch === 1 ? shape.slice(1) : shape);
    });
    const peer = () => peerTf.matMul(...peerOperands, transposeA, transposeB).dispose();
    const milliseconds = alternate(ours, peer, { rounds: 3 });
    const gflops = (ms) => (2 * batch * M * N * K) / (ms * 1e6);
    await report({
      name: `gemm ${size} ${layout}`,
      ours: gflops(milliseconds.ours),
      peer: gflops(milliseconds.peer),
      peerName,
      unit: 'GFLOP/s',
      engine,
      gflops: gflops(milliseconds.ours),
      peak,
    });
    tf.dispose([...operands, result]);
    peerTf.dispose(peerOperands);
  }
}
