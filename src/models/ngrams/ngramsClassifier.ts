import { AnyformerError, show } from '../../core/errors.ts';
import type { SafeTensor } from '../../formats/safetensors.ts';
import { float32Tensor, int32Tensor, toFloat32, toInt32 } from '../../formats/tensorData.ts';
import { SparseRowsBuilder } from '../../kernels/sparseRows.ts';
import type { NgramRange, NgramsConfig } from './ngramsConfig.ts';
import { NgramVocabulary } from './ngramVocabulary.ts';

/** The configuration of a model that is there: nothing of it follows from data any more. */
export type NgramsModelConfig = NgramsConfig & {
  readonly characterNgrams: NgramRange;
  readonly minFrequency: number;
};

const NAMES = {
  hashes: 'ngrams.hashes',
  idf: 'ngrams.idf',
  weights: 'ngrams.weight',
  bias: 'ngrams.bias',
} as const;

/**
 * A linear model of n-grams: logits = W x + b with x the tf-idf of a text's words, word sequences
 * and character sequences (see {@link NgramVocabulary}).
 *
 * With two labels of which one holds it has one output z, and the logits are [-z, z].
 *
 * @example
 * const model = new NgramsClassifier(config, vocabulary, outputs, 2);
 * model.logits('A quiet, lovely film.'); // Float32Array [-0.8, 0.8]
 */
export class NgramsClassifier {
  /**
   * @param outputs one (D + 1) for each output, weights and bias: one output with two labels of
   *   which one holds, otherwise one a label.
   */
  constructor(
    readonly config: NgramsModelConfig,
    readonly vocabulary: NgramVocabulary,
    readonly outputs: readonly Float32Array[],
    readonly numLabels: number,
  ) {}

  /** (C) the scores of a text, before softmax or sigmoid. */
  logits(text: string): Float32Array {
    const row = new SparseRowsBuilder();
    this.vocabulary.addRow(text, row);
    const { columns, values } = row.finish();
    const scores = this.outputs.map((output) => {
      let score = output[this.vocabulary.size]!;
      for (let k = 0; k < columns.length; k++) score += output[columns[k]!]! * values[k]!;
      return score;
    });
    return labelLogits(scores, this.numLabels);
  }

  /** `ngrams.hashes` (D), `ngrams.idf` (D), `ngrams.weight` (outputs, D) and `ngrams.bias` (outputs). */
  toSafetensors(): Map<string, SafeTensor> {
    const { vocabulary, outputs } = this;
    const D = vocabulary.size;
    const weights = new Float32Array(outputs.length * D);
    outputs.forEach((output, i) => {
      weights.set(output.subarray(0, D), i * D);
    });
    const bias = Float32Array.from(outputs, (output) => output[D]!);
    return new Map([
      [NAMES.hashes, int32Tensor(vocabulary.hashes, [D])],
      [NAMES.idf, float32Tensor(vocabulary.idf, [D])],
      [NAMES.weights, float32Tensor(weights, [outputs.length, D])],
      [NAMES.bias, float32Tensor(bias, [outputs.length])],
    ]);
  }

  /** @throws AnyformerError `INVALID_FILE` for tensors that do not fit one another. */
  static fromSafetensors(
    config: NgramsModelConfig,
    numLabels: number,
    multiLabel: boolean,
    tensors: ReadonlyMap<string, SafeTensor>,
    file: string,
  ): NgramsClassifier {
    const D = tensors.get(NAMES.hashes)?.shape[0] ?? 0;
    const outputs = outputCount(numLabels, multiLabel);
    const tensor = (name: string, dtype: string, shape: readonly number[]) => {
      const found = tensors.get(name);
      if (found?.dtype === dtype && show(found.shape) === show(shape)) return found;
      const is = found ? `is ${found.dtype} ${show(found.shape)}` : 'is not there';
      throw new AnyformerError(
        'INVALID_FILE',
        `${file}: ${name} must be ${dtype} ${show(shape)}, ${is}; the file does not belong to this config.json.`,
      );
    };
    const finite = (name: string, shape: readonly number[]) => {
      const values = toFloat32(tensor(name, 'F32', shape));
      if (values.every(Number.isFinite)) return values;
      throw new AnyformerError('INVALID_FILE', `${file}: ${name} has numbers that are not finite.`);
    };
    const hashes = toInt32(tensor(NAMES.hashes, 'I32', [D]));
    const idf = finite(NAMES.idf, [D]);
    const weights = finite(NAMES.weights, [outputs, D]);
    const bias = finite(NAMES.bias, [outputs]);
    const vocabulary = new NgramVocabulary(config, hashes.slice(), idf.slice());
    if (vocabulary.distinct !== D) {
      throw new AnyformerError('INVALID_FILE', `${file}: ${NAMES.hashes} has a feature twice.`);
    }
    const rows = Array.from({ length: outputs }, (_, i) => {
      const row = new Float32Array(D + 1);
      row.set(weights.subarray(i * D, (i + 1) * D));
      row[D] = bias[i]!;
      return row;
    });
    return new NgramsClassifier(config, vocabulary, rows, numLabels);
  }
}

/** Outputs of a model: one where the second label holds whenever the first does not. */
export function outputCount(numLabels: number, multiLabel: boolean): number {
  return numLabels === 2 && !multiLabel ? 1 : numLabels;
}

/** The logits of the labels, of the scores of the outputs. */
export function labelLogits(scores: readonly number[], numLabels: number): Float32Array {
  if (scores.length === numLabels) return Float32Array.from(scores);
  return Float32Array.of(-scores[0]!, scores[0]!);
}
