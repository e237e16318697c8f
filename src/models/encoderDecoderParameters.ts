import type * as tf from '@tensorflow/tfjs-core';
import type { SafeTensor } from '../formats/safetensors.ts';
import { float32Tensor } from '../formats/tensorData.ts';
import type {
  AttentionBlockWeights,
  FeedForwardBlockWeights,
  LayerNormWeights,
} from '../layers/blockWeights.ts';
import type { EncoderDecoderConfig } from './encoderDecoderConfig.ts';
import type { Initialization, Parameter } from './parameter.ts';
import { layerNorm, layerNormWeights, linear, linearWeights, table } from './parameterRows.ts';
import type { ParameterStore, SavedWeights } from './parameterStore.ts';

/** The weights of one of the two stacks. */
export interface StackWeights<Block> {
  /** (V, D) */
  readonly words: tf.Tensor2D;
  /** (places, D); undefined where they are waves. */
  readonly positions: tf.Tensor2D | undefined;
  readonly embeddingNorm: LayerNormWeights | undefined;
  readonly blocks: readonly Block[];
  readonly finalNorm: LayerNormWeights | undefined;
}

export interface EncoderBlockWeights {
  readonly attention: AttentionBlockWeights;
  readonly feedForward: FeedForwardBlockWeights;
}

export interface CrossDecoderBlockWeights extends EncoderBlockWeights {
  /** Attention to the source. */
  readonly cross: AttentionBlockWeights;
}

/** The weights of an encoder-decoder, as its forward pass uses them. */
export interface EncoderDecoderWeights {
  readonly encoder: StackWeights<EncoderBlockWeights>;
  readonly decoder: StackWeights<CrossDecoderBlockWeights>;
  /** (D, V); undefined where the logits are products with the target's words. */
  readonly head: tf.Tensor2D | undefined;
  /** (1, V), added to the logits. */
  readonly logitsBias: tf.Tensor2D;
}

const HEAD = 'lm_head.weight';
const LOGITS_BIAS = 'final_logits_bias';
const SHARED = 'model.shared.weight';
const stacks = ['encoder', 'decoder'] as const;
type Stack = (typeof stacks)[number];

const wordsName = (stack: Stack) => `model.${stack}.embed_tokens.weight`;

/** BART's tables begin with two rows that no position has. */
export function firstPlace({ type }: EncoderDecoderConfig): number {
  return type === 'bart' ? 2 : 0;
}

/** Normal with the deviation that is set, as Hugging Face always has; otherwise as Keras starts. */
export function encoderDecoderInitialization({ initStd }: EncoderDecoderConfig): Initialization {
  return initStd === undefined ? { scheme: 'keras' } : { scheme: 'normal', range: initStd };
}

/** The parameters of an encoder-decoder in fixed order, by Hugging Face's names. */
export function encoderDecoderParameters(config: EncoderDecoderConfig): Parameter[] {
  const { hiddenSize: D, vocabSize, decoderVocabSize, padTokenId } = config;
  const words = (name: string, ids: number) => ({
    ...table(name.replace(/\.weight$/, ''), ids, D, { zeroRow: padTokenId }),
  });
  const rows: Parameter[] = config.shareEncoderDecoderEmbeddings
    ? [words(SHARED, vocabSize)]
    : [words(wordsName('encoder'), vocabSize), words(wordsName('decoder'), decoderVocabSize)];
  for (const stack of stacks) rows.push(...stackParameters(config, stack));
  if (!config.tieWordEmbeddings) {
    rows.push(...linear(HEAD.replace('.weight', ''), D, decoderVocabSize, { bias: false }));
  }
  // A constant in Hugging Face's families, whatever their first training library made of it.
  const frozen = config.type !== 'transformer';
  rows.push({ name: LOGITS_BIAS, kind: 'bias', shape: [1, decoderVocabSize], frozen });
  return rows;
}

function stackParameters(config: EncoderDecoderConfig, stack: Stack): Parameter[] {
  const { hiddenSize: D } = config;
  const rows: Parameter[] = [];
  if (config.positions === 'learned') {
    const places = config.maxPositionEmbeddings + firstPlace(config);
    rows.push(table(`model.${stack}.embed_positions`, places, D));
  }
  if (config.layernormEmbedding) rows.push(...layerNorm(`model.${stack}.layernorm_embedding`, D));
  const F = config[`${stack}FfnDim`];
  for (let i = 0; i < config[`${stack}Layers`]; i++) {
    const layer = `model.${stack}.layers.${i}`;
    rows.push(...attentionParameters(`${layer}.self_attn`, D));
    if (stack === 'decoder') rows.push(...attentionParameters(`${layer}.encoder_attn`, D));
    rows.push(
      ...linear(`${layer}.fc1`, D, F),
      ...linear(`${layer}.fc2`, F, D),
      ...layerNorm(`${layer}.final_layer_norm`, D),
    );
  }
  // Without it, the sum of a normalize-first model would leave it unnormalized.
  if (config.normalizeFirst) rows.push(...layerNorm(`model.${stack}.layer_norm`, D));
  return rows;
}

function attentionParameters(name: string, width: number): Parameter[] {
  const maps = ['q_proj', 'k_proj', 'v_proj', 'out_proj'];
  return [
    ...maps.flatMap((map) => linear(`${name}.${map}`, width, width)),
    ...layerNorm(`${name}_layer_norm`, width),
  ];
}

/** Sorts the parameters of {@link encoderDecoderParameters} by their use. */
export function encoderDecoderWeights(
  config: EncoderDecoderConfig,
  store: ParameterStore,
): EncoderDecoderWeights {
  const layers = (stack: Stack) =>
    Array.from({ length: config[`${stack}Layers`] }, (_, i) => `model.${stack}.layers.${i}`);
  return {
    encoder: stackWeights(config, store, 'encoder', layers('encoder').map(blockReader(store))),
    decoder: stackWeights(
      config,
      store,
      'decoder',
      layers('decoder').map((layer) => ({
        ...blockReader(store)(layer),
        cross: attentionWeights(store, `${layer}.encoder_attn`),
      })),
    ),
    head: config.tieWordEmbeddings ? undefined : store.get<tf.Rank.R2>(HEAD),
    logitsBias: store.get<tf.Rank.R2>(LOGITS_BIAS),
  };
}

function stackWeights<Block>(
  config: EncoderDecoderConfig,
  store: ParameterStore,
  stack: Stack,
  blocks: readonly Block[],
): StackWeights<Block> {
  const name = (part: string) => `model.${stack}.${part}`;
  const isShared = config.shareEncoderDecoderEmbeddings;
  const norm = (part: string) => layerNormWeights(store, name(part));
  const positions = name('embed_positions.weight');
  return {
    words: store.get<tf.Rank.R2>(isShared ? SHARED : wordsName(stack)),
    positions: store.has(positions) ? store.get<tf.Rank.R2>(positions) : undefined,
    embeddingNorm: config.layernormEmbedding ? norm('layernorm_embedding') : undefined,
    blocks,
    finalNorm: config.normalizeFirst ? norm('layer_norm') : undefined,
  };
}

const blockReader =
  (store: ParameterStore) =>
  (layer: string): EncoderBlockWeights => ({
    attention: attentionWeights(store, `${layer}.self_attn`),
    feedForward: {
      intermediate: linearWeights(store, `${layer}.fc1`),
      output: linearWeights(store, `${layer}.fc2`),
      norm: layerNormWeights(store, `${layer}.final_layer_norm`),
    },
  });

function attentionWeights(store: ParameterStore, name: string): AttentionBlockWeights {
  return {
    attention: {
      query: linearWeights(store, `${name}.q_proj`),
      key: linearWeights(store, `${name}.k_proj`),
      value: linearWeights(store, `${name}.v_proj`),
      output: linearWeights(store, `${name}.out_proj`),
    },
    norm: layerNormWeights(store, `${name}_layer_norm`),
  };
}

/**
 * A file's weights by the names of {@link encoderDecoderParameters}: with the prefix where a bare
 * model was saved, each of several copies of shared weights under its one name, a constant of zeros
 * where it was left out, and without tables of waves.
 */
export function encoderDecoderFile(
  config: EncoderDecoderConfig,
  { tensors, file }: SavedWeights,
): SavedWeights {
  const isBare = ![...tensors.keys()].some((name) => name.startsWith('model.'));
  const result = new Map<string, SafeTensor>();
  for (const [name, tensor] of tensors) {
    const isOutside = name === HEAD || name === LOGITS_BIAS;
    result.set(isBare && !isOutside ? `model.${name}` : name, tensor);
  }
  if (config.positions === 'sinusoidal') {
    for (const stack of stacks) result.delete(`model.${stack}.embed_positions.weight`);
  }
  const ofDecoder = config.tieWordEmbeddings
    ? [wordsName('decoder'), HEAD]
    : [wordsName('decoder')];
  if (config.shareEncoderDecoderEmbeddings) {
    keepOne(result, SHARED, [wordsName('encoder'), ...ofDecoder]);
  } else {
    result.delete(SHARED);
    keepOne(result, wordsName('decoder'), ofDecoder.slice(1));
  }
  if (!result.has(LOGITS_BIAS)) {
    const V = config.decoderVocabSize;
    result.set(LOGITS_BIAS, float32Tensor(new Float32Array(V), [1, V]));
  }
  return { tensors: result, file };
}

/** Leaves of several names of one tensor the first. */
function keepOne(tensors: Map<string, SafeTensor>, name: string, copies: readonly string[]): void {
  for (const copy of copies) {
    const tensor = tensors.get(copy);
    if (tensor && !tensors.has(name)) tensors.set(name, tensor);
    tensors.delete(copy);
  }
}
