import { measureForward } from '../support/forward.mjs';
import { MICROSOFT, node } from '../support/onnx.mjs';
import { measureOperation } from '../support/operation.mjs';

const [B, T, H, d] = [32, 128, 8, 32];
const size = `B${B} T${T} H${H} d${d}`;
const inputs = (tf) =>
  [1, 2, 3].map((seed) => tf.randomNormal([B, T, H * d], 0, 1, 'float32', seed));
const ours = ({ scaledDotProductAttention }, query, key, value) =>
  scaledDotProductAttention(query, key, value, { numHeads: H });
const flopsOfProduct = 2 * B * H * T * T * d;

/** softmax(query keyᵀ / sqrt(d)) value of all heads: forward and backward, and forward alone. */
export async function measure(context) {
  await measureOperation(context, {
    name: `attention fwd+bwd ${size}`,
    inputs,
    ours,
    peer: tfjsAttention,
    // Two products forward; backward the scores once more and four.
    flops: 7 * flopsOfProduct,
  });
  await measureForward(context, {
    name: `attention fwd ${size}`,
    inputs,
    ours,
    graphs: {
      'MatMul and Softmax, as exporters write it': exportedGraph,
      MultiHeadAttention: fusedGraph,
    },
    flops: 2 * flopsOfProduct,
  });
}

function tfjsAttention(tf, query, key, value) {
  const split = (x) => tf.transpose(tf.reshape(x, [B, T, H, d]), [0, 2, 1, 3]); // (B, H, T, d)
  const scaled = tf.mul(split(query), 1 / Math.sqrt(d));
  const probabilities = tf.softmax(tf.matMul(scaled, split(key), false, true)); // (B, H, T, T)
  const output = tf.matMul(probabilities, split(value)); // (B, H, T, d)
  return tf.reshape(tf.transpose(output, [0, 2, 1, 3]), [B, T, H * d]);
}

const outputs = [{ name: 'output', type: 'float32', shape: [B, T, H * d] }];
const named = (given) =>
  given.map((x, i) => ({ name: ['query', 'key', 'value'][i], type: 'float32', ...x }));

function exportedGraph(...given) {
  const split = (name, perm) => [
    node('Reshape', [name, 'heads'], [`${name}_split`]),
    node('Transpose', [`${name}_split`], [`${name}_heads`], { perm }),
  ];
  return {
    inputs: named(given),
    outputs,
    initializers: [
      { name: 'heads', type: 'int64', shape: [4], data: BigInt64Array.of(0n, 0n, BigInt(H), -1n) },
      { name: 'joined', type: 'int64', shape: [3], data: BigInt64Array.of(0n, 0n, BigInt(H * d)) },
      { name: 'root', type: 'float32', shape: [], data: Float32Array.of(Math.sqrt(d)) },
    ],
    nodes: [
      ...split('query', [0, 2, 1, 3]), // (B, H, T, d)
      ...split('key', [0, 2, 3, 1]), // (B, H, d, T)
      ...split('value', [0, 2, 1, 3]), // (B, H, T, d)
      node('MatMul', ['query_heads', 'key_heads'], ['products']), // (B, H, T, T)
      node('Div', ['products', 'root'], ['scores']),
      node('Softmax', ['scores'], ['probabilities'], { axis: -1 }),
      node('MatMul', ['probabilities', 'value_heads'], ['attended']), // (B, H, T, d)
      node('Transpose', ['attended'], ['rows'], { perm: [0, 2, 1, 3] }), // (B, T, H, d)
      node('Reshape', ['rows', 'joined'], ['output']),
    ],
  };
}

function fusedGraph(...given) {
  const attention = ['MultiHeadAttention', ['query', 'key', 'value'], ['output']];
  return {
    inputs: named(given),
    outputs,
    nodes: [node(...attention, { num_heads: H }, MICROSOFT)],
  };
}
