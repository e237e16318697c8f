import { mixSeeds, Random } from '../core/random.ts';

/** How a parameter is used, which says how it starts and how it is saved. */
export type ParameterKind =
  | 'kernel' // of a linear map: (in, out) here, [out, in] in a file
  | 'conv1d' // of a linear map that is [in, out] in a file too: GPT-2's
  | 'bias'
  | 'embedding' // (ids, D)
  | 'scale' // of a norm
  | 'shift'; // of a norm

/** One row of a model's table of parameters. */
export interface Parameter {
  /** As in the file: `bert.encoder.layer.0.attention.self.query.weight`. */
  readonly name: string;
  readonly kind: ParameterKind;
  /** As in memory. */
  readonly shape: readonly number[];
  /** The row of an embedding that starts as zeros: the padding. */
  readonly zeroRow?: number;
  /** What the initial values are multiplied with. Default: 1. */
  readonly initialFactor?: number;
  /** Whether training leaves it alone: what is saved along with the weights and is none. */
  readonly frozen?: boolean;
}

/** Where a model's weights start from. */
export type Initialization =
  /** Keras: Glorot uniform kernels, embeddings from -0.05 to 0.05. */
  | { readonly scheme: 'keras' }
  /** Hugging Face: all from a normal distribution of this standard deviation. */
  | { readonly scheme: 'normal'; readonly range: number };

/**
 * The initial values of a parameter. They depend on the seed and the parameter's place in its
 * model's table alone, so one model more or less elsewhere changes nothing.
 */
export function initialValues(
  { kind, shape, zeroRow, initialFactor = 1 }: Parameter,
  initialization: Initialization,
  seed: number,
  index: number,
): Float32Array {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  if (kind === 'scale') values.fill(1);
  if (kind === 'kernel' || kind === 'conv1d' || kind === 'embedding') {
    const random = new Random(mixSeeds(seed, index));
    if (initialization.scheme === 'normal') {
      const range = initialization.range * initialFactor;
      for (let i = 0; i < values.length; i++) values[i] = range * random.normal();
    } else {
      const start = kind === 'embedding' ? 0.05 : Math.sqrt(6 / (shape[0]! + shape[1]!));
      const limit = start * initialFactor;
      for (let i = 0; i < values.length; i++) values[i] = limit * (2 * random.uniform() - 1);
    }
  }
  if (zeroRow !== undefined) values.fill(0, zeroRow * shape[1]!, (zeroRow + 1) * shape[1]!);
  return values;
}
