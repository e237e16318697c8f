import { article } from './article.mjs';
import { encodeModel, MICROSOFT, node } from './onnx.mjs';
import { readFloats, transposed } from './safetensors.mjs';

const LAYER = 'transformer.encoder.layer.0';
/** Added to the scores of padding. */
const MASKED = -10_000;

const { hiddenSize: D, numAttentionHeads: H, layerNormEps } = article;

/** Ways to say the attention in ONNX; which is fastest depends on the size. */
export const attentionKinds = {
  'MatMul and Softmax, as exporters write it': exportedAttention,
  MultiHeadAttention: multiHeadAttention,
  'Attention with packed weights': packedAttention,
};

/**
 * The article's model as an .onnx file, from the weights of a model.safetensors.
 *
 * Its inputs are `ids` and `mask`, int64 of (B, T), its output `logits`, (B, C).
 */
export function articleModel(safetensors, B, T, kind) {
  const saved = readFloats(safetensors);
  const constants = new Constants(saved);
  const linear = (x, name, output) => [
    node('MatMul', [x, constants.kernel(`${name}.weight`)], [`${output}_product`]),
    node('Add', [`${output}_product`, constants.saved(`${name}.bias`)], [output]),
  ];
  const norm = (x, name, output) => {
    const weights = ['weight', 'bias'].map((part) => constants.saved(`${name}.${part}`));
    const options = { axis: -1, epsilon: { float: layerNormEps } };
    return node('LayerNormalization', [x, ...weights], [output], options);
  };
  const table = (name) => constants.saved(`transformer.embeddings.${name}_embeddings.weight`);
  const nodes = [
    node('Gather', [table('word'), 'ids'], ['words']), // (B, T, D)
    node('Add', ['words', table('position')], ['x']),
    ...attentionKinds[kind]({ linear, constants, saved }), // (B, T, D)
    ...linear('attended', `${LAYER}.attention.output.dense`, 'change1'),
    node('Add', ['x', 'change1'], ['sum1']),
    norm('sum1', `${LAYER}.attention.output.LayerNorm`, 'x1'),
    ...linear('x1', `${LAYER}.intermediate.dense`, 'wide'), // (B, T, F)
    node('Relu', ['wide'], ['hidden']),
    ...linear('hidden', `${LAYER}.output.dense`, 'change2'),
    node('Add', ['x1', 'change2'], ['sum2']),
    norm('sum2', `${LAYER}.output.LayerNorm`, 'x2'),
    ...maskedMean(constants), // (B, D)
    ...linear('pooled', 'classifier', 'logits'),
  ];
  return encodeModel({
    inputs: ['ids', 'mask'].map((name) => ({ name, type: 'int64', shape: [B, T] })),
    outputs: [{ name: 'logits', type: 'float32', shape: [B, article.labels.length] }],
    initializers: constants.all(),
    nodes,
  });
}

/** The constants that a graph names, each once. */
class Constants {
  #made = new Map();

  constructor(weights) {
    this.weights = weights;
  }

  add(name, type, shape, data) {
    this.#made.set(name, { name, type, shape, data });
    return name;
  }

  floats = (name, { shape, data }) => this.add(name, 'float32', shape, data);
  integers = (name, values) =>
    this.add(name, 'int64', [values.length], BigInt64Array.from(values, BigInt));

  saved = (name) => this.floats(name, this.weights[name]);
  kernel = (name) => this.floats(`${name}, (in, out)`, transposed(this.weights[name]));
  all = () => [...this.#made.values()];
}

const projections = (linear) =>
  ['query', 'key', 'value'].flatMap((name) => linear('x', `${LAYER}.attention.self.${name}`, name));

function exportedAttention({ linear, constants }) {
  const heads = constants.integers('heads', [0, 0, H, D / H]);
  const joined = constants.integers('joined', [0, 0, D]);
  const scalar = (name, value) => constants.add(name, 'float32', [], Float32Array.of(value));
  const split = (name, perm) => [
    node('Reshape', [name, heads], [`${name}_split`]),
    node('Transpose', [`${name}_split`], [`${name}_heads`], { perm }),
  ];
  return [
    ...projections(linear),
    ...split('query', [0, 2, 1, 3]), // (B, H, T, d)
    ...split('key', [0, 2, 3, 1]), // (B, H, d, T)
    ...split('value', [0, 2, 1, 3]), // (B, H, T, d)
    node('Unsqueeze', ['mask', constants.integers('rows', [1, 2])], ['mask_rows']), // (B, 1, 1, T)
    node('Cast', ['mask_rows'], ['mask_floats'], { to: 1 }),
    node('Sub', [scalar('one', 1), 'mask_floats'], ['padding']),
    node('Mul', ['padding', scalar('masked', MASKED)], ['bias']),
    node('MatMul', ['query_heads', 'key_heads'], ['products']), // (B, H, T, T)
    node('Div', ['products', scalar('root', Math.sqrt(D / H))], ['scores']),
    node('Add', ['scores', 'bias'], ['masked_scores']),
    node('Softmax', ['masked_scores'], ['probabilities'], { axis: -1 }),
    node('MatMul', ['probabilities', 'value_heads'], ['mixed']), // (B, H, T, d)
    node('Transpose', ['mixed'], ['mixed_rows'], { perm: [0, 2, 1, 3] }),
    node('Reshape', ['mixed_rows', joined], ['attended']),
  ];
}

function multiHeadAttention({ linear }) {
  return [
    ...projections(linear),
    node('Cast', ['mask'], ['mask32'], { to: 6 }),
    node(
      'MultiHeadAttention',
      ['query', 'key', 'value', '', 'mask32'],
      ['attended'],
      { num_heads: H },
      MICROSOFT,
    ),
  ];
}

/** What onnxruntime's own optimizer for Transformers makes of a BERT. */
function packedAttention({ constants, saved }) {
  const names = ['query', 'key', 'value'].map((name) => `${LAYER}.attention.self.${name}`);
  const kernels = names.map((name) => transposed(saved[`${name}.weight`]).data);
  const weight = new Float32Array(D * 3 * D);
  for (let row = 0; row < D; row++) {
    kernels.forEach((kernel, i) => {
      weight.set(kernel.subarray(row * D, (row + 1) * D), row * 3 * D + i * D);
    });
  }
  const bias = new Float32Array(3 * D);
  names.forEach((name, i) => {
    bias.set(saved[`${name}.bias`].data, i * D);
  });
  return [
    node('Cast', ['mask'], ['mask32'], { to: 6 }),
    node(
      'Attention',
      [
        'x',
        constants.floats('qkv', { shape: [D, 3 * D], data: weight }),
        constants.floats('qkv_bias', { shape: [3 * D], data: bias }),
        'mask32',
      ],
      ['attended'],
      { num_heads: H },
      MICROSOFT,
    ),
  ];
}

function maskedMean(constants) {
  const overTime = constants.integers('time', [1]);
  return [
    node('Cast', ['mask'], ['real'], { to: 1 }),
    node('Unsqueeze', ['real', constants.integers('width', [2])], ['real_rows']), // (B, T, 1)
    node('Mul', ['x2', 'real_rows'], ['real_x']),
    node('ReduceSum', ['real_x', overTime], ['sum'], { keepdims: 0 }), // (B, D)
    node('ReduceSum', ['real', overTime], ['count'], { keepdims: 1 }), // (B, 1)
    node('Div', ['sum', 'count'], ['pooled']),
  ];
}
