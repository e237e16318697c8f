import type * as tf from '@tensorflow/tfjs-core';
import type { LayerNormWeights, LinearWeights, RmsNormWeights } from '../layers/blockWeights.ts';
import type { Parameter } from './parameter.ts';
import type { ParameterStore } from './parameterStore.ts';

// The parts that models are made of: the rows each has in a model's table of parameters, and the
// weights that come out of the store for it. PyTorch's names: `weight` and `bias`.

export interface LinearRowOptions {
  /** Whether there is a bias. Default: true. */
  readonly bias?: boolean;
  /** How the matrix lies in a file. Default: 'kernel', [out, in]. */
  readonly kind?: 'kernel' | 'conv1d';
  /** What the initial values of the matrix are multiplied with. Default: 1. */
  readonly initialFactor?: number;
}

/** The parameters of a linear map. */
export function linear(
  name: string,
  inputs: number,
  outputs: number,
  { bias = true, kind = 'kernel', initialFactor = 1 }: LinearRowOptions = {},
): Parameter[] {
  const weight = { name: `${name}.weight`, kind, shape: [inputs, outputs], initialFactor };
  return bias ? [weight, { name: `${name}.bias`, kind: 'bias', shape: [outputs] }] : [weight];
}

export function layerNorm(name: string, width: number): Parameter[] {
  return [...rmsNorm(name, width), { name: `${name}.bias`, kind: 'shift', shape: [width] }];
}

export function rmsNorm(name: string, width: number): Parameter[] {
  return [{ name: `${name}.weight`, kind: 'scale', shape: [width] }];
}

/** An embedding: a row for each id. */
export function table(
  name: string,
  ids: number,
  width: number,
  padding: { zeroRow?: number } = {},
): Parameter {
  return { name: `${name}.weight`, kind: 'embedding', shape: [ids, width], ...padding };
}

/** A linear map's weights, by the name it is saved with. */
export function linearWeights(store: ParameterStore, name: string): LinearWeights {
  const kernel = store.get<tf.Rank.R2>(`${name}.weight`);
  return store.has(`${name}.bias`)
    ? { kernel, bias: store.get<tf.Rank.R1>(`${name}.bias`) }
    : { kernel };
}

export function layerNormWeights(store: ParameterStore, name: string): LayerNormWeights {
  return { ...rmsNormWeights(store, name), beta: store.get<tf.Rank.R1>(`${name}.bias`) };
}

export function rmsNormWeights(store: ParameterStore, name: string): RmsNormWeights {
  return { gamma: store.get<tf.Rank.R1>(`${name}.weight`) };
}
