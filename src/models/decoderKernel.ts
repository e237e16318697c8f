import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../core/errors.ts';
import type { AnyformerBackend } from '../engine/backend.ts';
import { activations } from '../kernels/activationName.ts';
import type { DecoderRoom } from '../kernels/decodeMemory.ts';
import type { DecoderLayerTensors } from '../kernels/decodeRecords.ts';
import { engineBackend } from '../kernels/engineBackend.ts';
import { FusedDecoder } from '../kernels/fusedDecoder.ts';
import type { NormWeights } from '../layers/blockWeights.ts';
import { rotaryAngles } from '../layers/rotaryAngles.ts';
import type { DecoderConfig } from './decoderConfig.ts';
import type { DecoderBlockWeights, DecoderWeights } from './decoderParameters.ts';

/**
 * Binds the decode kernels to a decoder's weights.
 * @throws AnyformerError `ENGINE` where another backend of tfjs is in use, or `OUT_OF_MEMORY`.
 */
export function decoderKernel(
  config: DecoderConfig,
  { words, positions, blocks, finalNorm, head }: DecoderWeights,
  room: DecoderRoom,
): FusedDecoder {
  const backend = decodingBackend();
  const { headDim, ropeTheta } = config;
  const sizes = {
    layerCount: config.numHiddenLayers,
    width: config.hiddenSize,
    heads: config.numAttentionHeads,
    keyValueHeads: config.numKeyValueHeads,
    headDim,
    intermediate: config.intermediateSize,
    vocabulary: config.vocabSize,
    activation: activations[config.hiddenAct].code,
    epsilon: config.normEps,
  };
  const tensors = {
    words,
    positions,
    finalGamma: finalNorm.gamma,
    finalBeta: betaOf(finalNorm),
    head,
    layers: blocks.map(layerTensors),
  };
  const angles = ropeTheta ? rotaryAngles(0, room.capacity, headDim / 2, ropeTheta) : undefined;
  return new FusedDecoder(backend, sizes, tensors, angles, room);
}

/** @throws AnyformerError `ENGINE` where another backend of tfjs is in use. */
export function decodingBackend(): AnyformerBackend {
  const backend = engineBackend();
  if (backend) return backend;
  throw new AnyformerError(
    'ENGINE',
    `Decoding runs on the engine's backend, and tfjs uses ${show(tf.getBackend())}; ` +
      'call createEngine() first, on a page that may run WebAssembly.',
  );
}

function layerTensors({ attention, feedForward }: DecoderBlockWeights): DecoderLayerTensors {
  const { attention: maps, norm } = attention;
  const isFused = 'queryKeyValue' in maps;
  const query = isFused ? maps.queryKeyValue : maps.query;
  const { gate, intermediate: up, output: down } = feedForward;
  return {
    attentionGamma: norm.gamma,
    attentionBeta: betaOf(norm),
    query: query.kernel,
    queryBias: query.bias,
    ...(!isFused && {
      key: maps.key.kernel,
      keyBias: maps.key.bias,
      value: maps.value.kernel,
      valueBias: maps.value.bias,
    }),
    output: maps.output.kernel,
    outputBias: maps.output.bias,
    feedForwardGamma: feedForward.norm.gamma,
    feedForwardBeta: betaOf(feedForward.norm),
    gate: gate?.kernel,
    gateBias: gate?.bias,
    up: up.kernel,
    upBias: up.bias,
    down: down.kernel,
    downBias: down.bias,
  };
}

function betaOf(norm: NormWeights): tf.Tensor1D | undefined {
  return 'beta' in norm ? norm.beta : undefined;
}
