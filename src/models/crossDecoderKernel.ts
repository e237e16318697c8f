import * as tf from '@tensorflow/tfjs-core';
import { activations } from '../kernels/activationName.ts';
import type { DecoderRoom } from '../kernels/decodeMemory.ts';
import type {
  DecoderLayerTensors,
  DecoderSizes,
  DecoderTensors,
} from '../kernels/decodeRecords.ts';
import { FusedDecoder } from '../kernels/fusedDecoder.ts';
import { linear } from '../kernels/linear.ts';
import type { LayerNormWeights, LinearWeights } from '../layers/blockWeights.ts';
import { PROMPT_ROWS } from './decodeCache.ts';
import { decodingBackend } from './decoderKernel.ts';
import type { EncoderDecoderConfig } from './encoderDecoderConfig.ts';
import {
  type CrossDecoderBlockWeights,
  type EncoderDecoderWeights,
  firstPlace,
} from './encoderDecoderParameters.ts';

/** What the encoder made of the sources. */
export interface EncodedSources {
  /** (N, S, D) */
  readonly encoded: tf.Tensor3D;
  /** How many of the S tokens of each there are. */
  readonly lengths: readonly number[];
}

/**
 * Binds the decode kernels to the decoder of an encoder-decoder, with the keys and values of its
 * sources. Call it in a `tf.tidy`.
 *
 * @param places (positions, D), learned or not; it has to stay alive.
 * @throws AnyformerError `ENGINE` where another backend of tfjs is in use, or `OUT_OF_MEMORY`.
 */
export function crossDecoderKernel(
  config: EncoderDecoderConfig,
  weights: EncoderDecoderWeights,
  places: tf.Tensor2D,
  { encoded, lengths }: EncodedSources,
  room: Pick<DecoderRoom, 'slots' | 'capacity'>,
): FusedDecoder {
  const kernel = new FusedDecoder(
    decodingBackend(),
    sizesOf(config),
    tensorsOf(config, weights, places),
    undefined,
    {
      ...room,
      rows: Math.max(room.slots, PROMPT_ROWS),
      sources: lengths.length,
      sourceCapacity: encoded.shape[1],
    },
  );
  try {
    for (const [layer, { cross }] of weights.decoder.blocks.entries()) {
      tf.tidy(() => {
        const { key, value } = cross.attention;
        const heads = (map: LinearWeights) => splitHeads(encoded, map, config);
        kernel.writeSources(layer, heads(key), heads(value), lengths);
      });
    }
  } catch (error) {
    kernel.dispose();
    throw error;
  }
  return kernel;
}

/** (N, S, D) -> (N, H, S, d) */
function splitHeads(
  x: tf.Tensor3D,
  { kernel, bias }: LinearWeights,
  { decoderAttentionHeads: H }: EncoderDecoderConfig,
): tf.Tensor4D {
  const [N, S, D] = x.shape;
  const apart = tf.reshape(linear(x, kernel, bias), [N, S, H, D / H]); // (N, S, H, d)
  return tf.transpose(apart, [0, 2, 1, 3]) as tf.Tensor4D;
}

function sizesOf(config: EncoderDecoderConfig): DecoderSizes {
  const { hiddenSize, decoderAttentionHeads: heads } = config;
  return {
    layerCount: config.decoderLayers,
    width: hiddenSize,
    heads,
    keyValueHeads: heads,
    headDim: hiddenSize / heads,
    intermediate: config.decoderFfnDim,
    vocabulary: config.decoderVocabSize,
    activation: activations[config.hiddenAct].code,
    epsilon: config.layerNormEps,
    normReplaces: !config.normalizeFirst,
    wordScale: config.scaleEmbedding ? Math.sqrt(hiddenSize) : 1,
    firstPlace: firstPlace(config),
  };
}

/**
 * The kernels normalize before each part. A norm after the sum is the one before the next part, of
 * which nothing else is kept; the one before the first part is the norm of the embeddings, if any.
 */
function tensorsOf(
  { normalizeFirst }: EncoderDecoderConfig,
  { decoder, head, logitsBias }: EncoderDecoderWeights,
  positions: tf.Tensor2D,
): DecoderTensors {
  const { words, blocks, embeddingNorm, finalNorm } = decoder;
  const inOrder = blocks.flatMap(({ attention, cross, feedForward }) => [
    attention.norm,
    cross.norm,
    feedForward.norm,
  ]) as LayerNormWeights[];
  const norms = normalizeFirst ? [...inOrder, finalNorm] : [embeddingNorm, ...inOrder];
  const last = norms.at(-1);
  return {
    words,
    positions,
    head,
    headBias: logitsBias,
    finalGamma: last?.gamma,
    finalBeta: last?.beta,
    layers: blocks.map((block, i) => layerTensors(block, norms.slice(3 * i, 3 * i + 3))),
  };
}

function layerTensors(
  { attention, cross, feedForward }: CrossDecoderBlockWeights,
  [first, second, third]: readonly (LayerNormWeights | undefined)[],
): DecoderLayerTensors {
  const { query, key, value, output } = attention.attention;
  const { query: sourceQuery, output: sourceOutput } = cross.attention;
  return {
    ...{ attentionGamma: first?.gamma, attentionBeta: first?.beta },
    ...{ query: query.kernel, queryBias: query.bias, key: key.kernel, keyBias: key.bias },
    ...{ value: value.kernel, valueBias: value.bias },
    ...{ output: output.kernel, outputBias: output.bias },
    ...{ sourceGamma: second?.gamma, sourceBeta: second?.beta },
    ...{ sourceQuery: sourceQuery.kernel, sourceQueryBias: sourceQuery.bias },
    ...{ sourceOutput: sourceOutput.kernel, sourceOutputBias: sourceOutput.bias },
    ...{ feedForwardGamma: third?.gamma, feedForwardBeta: third?.beta },
    ...{ up: feedForward.intermediate.kernel, upBias: feedForward.intermediate.bias },
    ...{ down: feedForward.output.kernel, downBias: feedForward.output.bias },
  };
}
