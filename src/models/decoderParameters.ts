import type * as tf from '@tensorflow/tfjs-core';
import type { SafeTensor } from '../formats/safetensors.ts';
import type {
  AttentionBlockWeights,
  FeedForwardBlockWeights,
  NormWeights,
  SelfAttentionWeights,
} from '../layers/blockWeights.ts';
import type { DecoderConfig } from './decoderConfig.ts';
import type { Parameter } from './parameter.ts';
import {
  layerNorm,
  layerNormWeights,
  linear,
  linearWeights,
  rmsNorm,
  rmsNormWeights,
  table,
} from './parameterRows.ts';
import type { ParameterStore, SavedWeights } from './parameterStore.ts';

/** The weights of a decoder, as its forward pass uses them. */
export interface DecoderWeights {
  /** (V, D) */
  readonly words: tf.Tensor2D;
  /** (positions, D); rotary positions have none. */
  readonly positions: tf.Tensor2D | undefined;
  readonly blocks: readonly DecoderBlockWeights[];
  readonly finalNorm: NormWeights;
  /** (D, V); undefined where the logits are products with the words. */
  readonly head: tf.Tensor2D | undefined;
}

export interface DecoderBlockWeights {
  readonly attention: AttentionBlockWeights<SelfAttentionWeights>;
  readonly feedForward: FeedForwardBlockWeights;
}

const HEAD = 'lm_head';

/** The parameters of a decoder in fixed order, by Hugging Face's names. */
export function decoderParameters(config: DecoderConfig): Parameter[] {
  const rows = config.type === 'gpt2' ? gpt2Parameters(config) : llamaParameters(config);
  if (config.tieWordEmbeddings) return rows;
  return [...rows, ...linear(HEAD, config.hiddenSize, config.vocabSize, { bias: false })];
}

/** Sorts the parameters of {@link decoderParameters} by their use. */
export function decoderWeights(config: DecoderConfig, store: ParameterStore): DecoderWeights {
  const weights = config.type === 'gpt2' ? gpt2Weights(config, store) : llamaWeights(config, store);
  const head = config.tieWordEmbeddings ? undefined : linearWeights(store, HEAD).kernel;
  return { ...weights, head };
}

function gpt2Parameters(config: DecoderConfig): Parameter[] {
  const { hiddenSize: D, intermediateSize: F, numHiddenLayers } = config;
  const map = { kind: 'conv1d' } as const;
  // What is added to the residual stream once for each part starts smaller: GPT-2's paper, 2.3.
  const last = { ...map, initialFactor: 1 / Math.sqrt(2 * numHiddenLayers) };
  const rows = [
    table('transformer.wte', config.vocabSize, D),
    table('transformer.wpe', config.maxPositionEmbeddings, D),
  ];
  for (let i = 0; i < numHiddenLayers; i++) {
    const layer = `transformer.h.${i}`;
    rows.push(
      ...layerNorm(`${layer}.ln_1`, D),
      ...linear(`${layer}.attn.c_attn`, D, 3 * D, map),
      ...linear(`${layer}.attn.c_proj`, D, D, last),
      ...layerNorm(`${layer}.ln_2`, D),
      ...linear(`${layer}.mlp.c_fc`, D, F, map),
      ...linear(`${layer}.mlp.c_proj`, F, D, last),
    );
  }
  return [...rows, ...layerNorm('transformer.ln_f', D)];
}

function gpt2Weights(config: DecoderConfig, store: ParameterStore): Omit<DecoderWeights, 'head'> {
  const linear = (name: string) => linearWeights(store, `transformer.${name}`);
  const norm = (name: string) => layerNormWeights(store, `transformer.${name}`);
  const block = (layer: string): DecoderBlockWeights => ({
    attention: {
      attention: {
        queryKeyValue: linear(`${layer}.attn.c_attn`),
        output: linear(`${layer}.attn.c_proj`),
      },
      norm: norm(`${layer}.ln_1`),
    },
    feedForward: {
      intermediate: linear(`${layer}.mlp.c_fc`),
      output: linear(`${layer}.mlp.c_proj`),
      norm: norm(`${layer}.ln_2`),
    },
  });
  return {
    words: store.get<tf.Rank.R2>('transformer.wte.weight'),
    positions: store.get<tf.Rank.R2>('transformer.wpe.weight'),
    blocks: Array.from({ length: config.numHiddenLayers }, (_, i) => block(`h.${i}`)),
    finalNorm: norm('ln_f'),
  };
}

function llamaParameters(config: DecoderConfig): Parameter[] {
  const { hiddenSize: D, intermediateSize: F, headDim, padTokenId } = config;
  const queryWidth = config.numAttentionHeads * headDim;
  const keyWidth = config.numKeyValueHeads * headDim;
  const attention = { bias: config.attentionBias };
  const mlp = { bias: config.mlpBias };
  const padding = padTokenId === undefined ? {} : { zeroRow: padTokenId };
  const rows = [table('model.embed_tokens', config.vocabSize, D, padding)];
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const layer = `model.layers.${i}`;
    rows.push(
      ...rmsNorm(`${layer}.input_layernorm`, D),
      ...linear(`${layer}.self_attn.q_proj`, D, queryWidth, attention),
      ...linear(`${layer}.self_attn.k_proj`, D, keyWidth, attention),
      ...linear(`${layer}.self_attn.v_proj`, D, keyWidth, attention),
      ...linear(`${layer}.self_attn.o_proj`, queryWidth, D, attention),
      ...rmsNorm(`${layer}.post_attention_layernorm`, D),
      ...linear(`${layer}.mlp.gate_proj`, D, F, mlp),
      ...linear(`${layer}.mlp.up_proj`, D, F, mlp),
      ...linear(`${layer}.mlp.down_proj`, F, D, mlp),
    );
  }
  return [...rows, ...rmsNorm('model.norm', D)];
}

function llamaWeights(config: DecoderConfig, store: ParameterStore): Omit<DecoderWeights, 'head'> {
  const linear = (name: string) => linearWeights(store, `model.${name}`);
  const norm = (name: string) => rmsNormWeights(store, `model.${name}`);
  const block = (layer: string): DecoderBlockWeights => ({
    attention: {
      attention: {
        query: linear(`${layer}.self_attn.q_proj`),
        key: linear(`${layer}.self_attn.k_proj`),
        value: linear(`${layer}.self_attn.v_proj`),
        output: linear(`${layer}.self_attn.o_proj`),
      },
      norm: norm(`${layer}.input_layernorm`),
    },
    feedForward: {
      gate: linear(`${layer}.mlp.gate_proj`),
      intermediate: linear(`${layer}.mlp.up_proj`),
      output: linear(`${layer}.mlp.down_proj`),
      norm: norm(`${layer}.post_attention_layernorm`),
    },
  });
  return {
    words: store.get<tf.Rank.R2>('model.embed_tokens.weight'),
    positions: undefined,
    blocks: Array.from({ length: config.numHiddenLayers }, (_, i) => block(`layers.${i}`)),
    finalNorm: norm('norm'),
  };
}

/** Masks and tables that older files have beside the parameters. */
const BUFFER = /\.attn\.(masked_)?bias$|\.rotary_emb\.inv_freq$/;

/**
 * A file's weights by the names of {@link decoderParameters}: without buffers, without a head that
 * repeats tied embeddings, and with the family's prefix where a bare model was saved.
 */
export function decoderFile(config: DecoderConfig, { tensors, file }: SavedWeights): SavedWeights {
  const prefix = config.type === 'gpt2' ? 'transformer.' : 'model.';
  const isBare = ![...tensors.keys()].some((name) => name.startsWith(prefix));
  const result = new Map<string, SafeTensor>();
  for (const [name, tensor] of tensors) {
    if (BUFFER.test(name)) continue;
    const isHead = name === `${HEAD}.weight`;
    if (isHead && config.tieWordEmbeddings) continue;
    result.set(isBare && !isHead ? prefix + name : name, tensor);
  }
  return { tensors: result, file };
}
