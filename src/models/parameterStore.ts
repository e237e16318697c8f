import * as tf from '@tensorflow/tfjs-core';
import { AnyformerError } from '../core/errors.ts';
import { Random } from '../core/random.ts';
import type { SafeTensor } from '../formats/safetensors.ts';
import { float32Tensor, toFloat32 } from '../formats/tensorData.ts';
import { type Initialization, initialValues, type Parameter } from './parameter.ts';

/** The tensors of a file, by name. */
export interface SavedWeights {
  readonly tensors: ReadonlyMap<string, SafeTensor>;
  /** The file's name, for messages. */
  readonly file: string;
}

/** What a model begins with: weights drawn from a seed, or those of a file. */
export type StartingWeights = number | SavedWeights;

/** A model's parameters as tfjs variables, and the way to and from a safetensors file. */
export class ParameterStore {
  readonly variables: ReadonlyMap<string, tf.Variable>;
  readonly #parameters: readonly Parameter[];

  /** @throws AnyformerError `INVALID_FILE` for a file that does not fit; nothing is kept then. */
  constructor(
    parameters: readonly Parameter[],
    initialization: Initialization,
    start: StartingWeights,
  ) {
    this.#parameters = parameters;
    const valuesOf =
      typeof start === 'number'
        ? seededValues(initialization, start)
        : savedValues(parameters, start);
    this.variables = makeVariables(parameters, valuesOf);
  }

  /** The variable of a name of the table; its rank is known where it is used. */
  get<R extends tf.Rank>(name: string): tf.Tensor<R> {
    const variable = this.variables.get(name);
    if (variable === undefined) throw new Error(`The model has no parameter ${name}.`);
    return variable as unknown as tf.Tensor<R>;
  }

  has(name: string): boolean {
    return this.variables.has(name);
  }

  /** The parameters as a file has them: kernels of linear maps become [out, in]. */
  toSafetensors(): Map<string, SafeTensor> {
    return new Map(
      this.#parameters.map((parameter) => {
        const values = this.get(parameter.name).dataSync() as Float32Array;
        const { shape } = parameter;
        const stored =
          parameter.kind === 'kernel' ? transposed(values, shape[0]!, shape[1]!) : values;
        return [parameter.name, float32Tensor(stored, fileShape(parameter))];
      }),
    );
  }

  /**
   * Takes over the values of a file. All of it is checked before the first value changes.
   * @throws AnyformerError `INVALID_FILE` that names missing, unexpected and misshapen tensors.
   */
  loadSafetensors(tensors: ReadonlyMap<string, SafeTensor>, file: string): void {
    const valuesOf = savedValues(this.#parameters, { tensors, file });
    const loaded: tf.Tensor[] = [];
    try {
      for (const [index, parameter] of this.#parameters.entries()) {
        loaded.push(tf.tensor(valuesOf(parameter, index), [...parameter.shape]));
      }
      this.#parameters.forEach(({ name }, i) => {
        this.variables.get(name)!.assign(loaded[i]!);
      });
    } finally {
      tf.dispose(loaded);
    }
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
  }
}

/** Gives the values of a parameter, row-major, by its place in the table. */
type ValuesOf = (parameter: Parameter, index: number) => Float32Array;

function makeVariables(
  parameters: readonly Parameter[],
  valuesOf: ValuesOf,
): Map<string, tf.Variable> {
  const variables = new Map<string, tf.Variable>();
  try {
    for (const [index, parameter] of parameters.entries()) {
      const initial = tf.tensor(valuesOf(parameter, index), [...parameter.shape]);
      // tfjs wants its own names to be unique, so that two models can be alive at once.
      variables.set(parameter.name, tf.variable(initial, !parameter.frozen));
      initial.dispose();
    }
  } catch (error) {
    for (const variable of variables.values()) variable.dispose();
    throw error;
  }
  return variables;
}

function seededValues(initialization: Initialization, seed: number): ValuesOf {
  // Through the generator, which refuses what is no seed.
  const root = new Random(seed).int32();
  return (parameter, index) => initialValues(parameter, initialization, root, index);
}

/** @throws AnyformerError `INVALID_FILE` before the first value is asked for. */
function savedValues(parameters: readonly Parameter[], { tensors, file }: SavedWeights): ValuesOf {
  checkTensors(parameters, tensors, file);
  return (parameter) => {
    const values = toFloat32(tensors.get(parameter.name)!);
    const [rows, columns] = fileShape(parameter);
    return parameter.kind === 'kernel' ? transposed(values, rows!, columns!) : values;
  };
}

/** The shape of a parameter in a file. */
function fileShape({ kind, shape }: Parameter): readonly number[] {
  return kind === 'kernel' ? [shape[1]!, shape[0]!] : shape;
}

/** Row-major (rows, columns) -> (columns, rows). */
function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = values[i * columns + j]!;
  }
  return result;
}

/** Buffers that files of older PyTorch models have beside the parameters. */
const BUFFER = /(^|\.)position_ids$/;

function checkTensors(
  parameters: readonly Parameter[],
  tensors: ReadonlyMap<string, SafeTensor>,
  file: string,
): void {
  const expected = new Map(parameters.map((parameter) => [parameter.name, fileShape(parameter)]));
  const missing = [...expected.keys()].filter((name) => !tensors.has(name));
  const unexpected = [...tensors.keys()].filter(
    (name) => !expected.has(name) && !BUFFER.test(name),
  );
  const misshapen = [...expected].flatMap(([name, shape]) => {
    const found = tensors.get(name)?.shape ?? shape;
    const fits = found.length === shape.length && found.every((size, i) => size === shape[i]);
    return fits ? [] : [`${name} is [${found.join(', ')}] and must be [${shape.join(', ')}]`];
  });
  const problems = [
    ['is missing', missing],
    ['has the unexpected', unexpected],
    ['has the wrong shape:', misshapen],
  ] as const;
  const texts = problems
    .filter(([, names]) => names.length > 0)
    .map(([what, names]) => `${what} ${listed(names)}`);
  if (texts.length === 0) return;
  throw new AnyformerError(
    'INVALID_FILE',
    `${file} does not fit the model: it ${texts.join('; it ')}. ` +
      'Load it with the config.json it was saved with.',
  );
}

/** The first few of the names, and how many more there are. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ');
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
