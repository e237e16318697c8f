import { throwIfAborted } from '../../core/errors.ts';
import { type OnProgress, ProgressClock } from '../../core/progress.ts';
import { rowCount, type SparseRows } from '../../kernels/sparseRows.ts';
import {
  labelLogits,
  NgramsClassifier,
  type NgramsModelConfig,
  outputCount,
} from '../../models/ngrams/ngramsClassifier.ts';
import { characterNgramsFor, type NgramsConfig } from '../../models/ngrams/ngramsConfig.ts';
import { NgramCounter } from '../../models/ngrams/ngramVocabulary.ts';
import { fitNaiveBayesSvm } from '../../train/naiveBayesSvm.ts';
import { Pacer } from '../../train/pacer.ts';
import { countRight, fitCalibration } from './calibrate.ts';
import { holds, type Targets, targetsAt } from './targets.ts';

export interface NgramsData {
  readonly texts: readonly string[];
  readonly targets: Targets;
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  /** (C) */
  readonly classWeights?: Float32Array | undefined;
}

export interface NgramsSlow {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
}

/** What the values of `C` are that are compared where none is given. */
const CANDIDATES_FOR_C = [0.1, 0.3, 1, 3];
/** Folds on which they are compared; the others are for the best one only. */
const COMPARED_FOLDS = 5;

/** Features and rows of the training texts, from which models are fitted to all or some of them. */
export class NgramsLearner {
  readonly #pacer = new Pacer();
  /** Passes over the rows in all. */
  passes = 0;

  private constructor(
    private readonly data: NgramsData,
    private readonly config: NgramsModelConfig,
    private readonly vocabulary: NgramsClassifier['vocabulary'],
    private readonly rows: SparseRows,
    private readonly seed: number,
    private readonly slow: NgramsSlow,
    private readonly previous: NgramsClassifier | undefined,
  ) {}

  /**
   * Reads the texts.
   * @param previous the model that is trained further: its features stay, and its weights are what
   *   the new ones are drawn to.
   */
  static async read(
    data: NgramsData,
    config: NgramsConfig,
    seed: number,
    slow: NgramsSlow,
    previous?: NgramsClassifier,
  ): Promise<NgramsLearner> {
    const characters = data.texts.reduce((sum, text) => sum + text.length, 0);
    const extraction = { ...config, characterNgrams: characterNgramsFor(config, characters) };
    const counter = new NgramCounter(extraction);
    const pacer = new Pacer();
    const clock = new ProgressClock();
    const totalSteps = data.texts.length;
    for (const [index, text] of data.texts.entries()) {
      counter.add(text);
      const step = index + 1;
      if (step % 256 !== 0 && step < totalSteps) continue;
      await pacer.breathe();
      throwIfAborted(slow.signal, 'Training');
      await slow.onProgress(clock.progress({ phase: 'read', step, totalSteps }));
    }
    const { vocabulary, rows, minFrequency } = counter.finish(previous?.vocabulary);
    const complete = { ...extraction, minFrequency };
    return new NgramsLearner(data, complete, vocabulary, rows, seed, slow, previous);
  }

  /** A model of all rows, or of some. */
  async fit(C: number, rows?: Int32Array): Promise<NgramsClassifier> {
    const outputs = await this.#fitOutputs(C, rows);
    return new NgramsClassifier(
      { ...this.config, C },
      this.vocabulary,
      outputs,
      this.data.labels.length,
    );
  }

  /**
   * The logits of each row by a model that has not seen its fold, for the `C` with the most right answers.
   *
   * @param folds (N) fold numbers from 0; rows with the number -1 are in none and always learned from.
   * @param C compared where it is left out.
   */
  async crossValidate(
    folds: Int32Array,
    C: number | undefined,
  ): Promise<{ C: number; logits: Float32Array[] }> {
    const count = folds.reduce((most, fold) => Math.max(most, fold), -1) + 1;
    const candidates = C === undefined ? CANDIDATES_FOR_C : [C];
    const few = Math.min(count, COMPARED_FOLDS);
    const report = this.#reporter(candidates.length * few + count - few);
    let best: { C: number; logits: Float32Array[]; loss: number; right: number } | undefined;
    for (const candidate of candidates) {
      const logits: Float32Array[] = [];
      for (let fold = 0; fold < few; fold++) {
        await this.#measureFold(candidate, folds, fold, logits);
        await report();
      }
      const measured = this.#measured(logits);
      const isBetter =
        best === undefined ||
        measured.right > best.right ||
        (measured.right === best.right && measured.loss < best.loss);
      if (isBetter) best = { C: candidate, logits, ...measured };
    }
    for (let fold = few; fold < count; fold++) {
      await this.#measureFold(best!.C, folds, fold, best!.logits);
      await report();
    }
    return { C: best!.C, logits: best!.logits };
  }

  /** Fills in the logits of the rows of a fold, by a model of the others. */
  async #measureFold(
    C: number,
    folds: Int32Array,
    fold: number,
    logits: Float32Array[],
  ): Promise<void> {
    const all = Int32Array.from(folds, (_, row) => row);
    const outputs = await this.#fitOutputs(
      C,
      all.filter((row) => folds[row] !== fold),
    );
    for (const row of all) {
      if (folds[row] === fold) logits[row] = this.#logitsOf(outputs, row);
    }
  }

  /** How many of the rows that have logits are right, and their calibrated loss. */
  #measured(logits: readonly Float32Array[]): { right: number; loss: number } {
    const rows = Int32Array.from(Object.keys(logits), Number);
    const targets = targetsAt(this.data.targets, rows, this.data.labels.length);
    const found = Array.from(rows, (row) => logits[row]!);
    const { multiLabel } = this.data;
    return {
      right: countRight(found, targets, multiLabel),
      loss: fitCalibration(found, targets, multiLabel).loss,
    };
  }

  #reporter(totalSteps: number): () => Promise<void> {
    const clock = new ProgressClock();
    let step = 0;
    return async () => {
      step++;
      await this.slow.onProgress(clock.progress({ phase: 'compare', step, totalSteps }));
    };
  }

  /** The logits of all rows. */
  logits({ outputs }: NgramsClassifier): Float32Array[] {
    return Array.from({ length: rowCount(this.rows) }, (_, row) => this.#logitsOf(outputs, row));
  }

  async #fitOutputs(C: number, rows: Int32Array | undefined): Promise<Float32Array[]> {
    const { targets, labels, multiLabel, classWeights } = this.data;
    const outputs: Float32Array[] = [];
    const count = outputCount(labels.length, multiLabel);
    for (let output = 0; output < count; output++) {
      // One output tells the second label from the first.
      const label = count < labels.length ? 1 : output;
      const { weights, passes } = await fitNaiveBayesSvm(
        this.rows,
        this.vocabulary.size,
        holds(targets, label, labels.length),
        {
          C,
          rows,
          rowWeights: classWeights && this.#rowWeights(classWeights, label),
          prior: this.previous && this.#prior(this.previous.outputs[output]!),
          seed: this.seed,
          breathe: async () => {
            await this.#pacer.breathe();
            throwIfAborted(this.slow.signal, 'Training');
          },
        },
      );
      outputs.push(weights);
      this.passes += passes;
    }
    return outputs;
  }

  /** Of rows with one label, its weight; of those with several, the label's where it holds. */
  #rowWeights(classWeights: Float32Array, label: number): Float32Array {
    const { targets, labels } = this.data;
    if (targets instanceof Int32Array) {
      return Float32Array.from(targets, (target) => classWeights[target]!);
    }
    const C = labels.length;
    return Float32Array.from({ length: targets.length / C }, (_, row) =>
      targets[row * C + label] ? classWeights[label]! : 1,
    );
  }

  /** Weights of the features there were, 0 for new ones. */
  #prior(output: Float32Array): Float32Array {
    const prior = new Float32Array(this.vocabulary.size + 1);
    prior.set(output.subarray(0, -1));
    prior[this.vocabulary.size] = output.at(-1)!;
    return prior;
  }

  #logitsOf(outputs: readonly Float32Array[], row: number): Float32Array {
    const { starts, columns, values } = this.rows;
    const scores = outputs.map((output) => {
      let score = output[this.vocabulary.size]!;
      for (let k = starts[row]!; k < starts[row + 1]!; k++) {
        score += output[columns[k]!]! * values[k]!;
      }
      return score;
    });
    return labelLogits(scores, this.data.labels.length);
  }
}
