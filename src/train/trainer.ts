import { AnyformerError, throwIfAborted } from '../core/errors.ts';
import type { Warned } from '../core/warnings.ts';
import { openStorage, type StorageTarget } from '../storage/openStorage.ts';
import type { Storage } from '../storage/storage.ts';
import { BestWeights } from './bestWeights.ts';
import { checkSameRun, type RunIdentity, readCheckpoint, writeCheckpoint } from './checkpoint.ts';
import { checkTrainable } from './checkTrainable.ts';
import { EpochBatches } from './epochBatches.ts';
import { createOptimizer } from './optimizers/createOptimizer.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { Pacer } from './pacer.ts';
import { PeakHeap } from './peakHeap.ts';
import { ProgressReporter } from './progressReporter.ts';
import { runIdentity } from './runIdentity.ts';
import { learningRateFactor, type Schedule } from './schedules.ts';
import type { Trainable, TrainingData } from './trainable.ts';
import {
  type ResolvedTrainingOptions,
  resolveTrainingOptions,
  type Strategy,
  type TrainingOptions,
} from './trainingOptions.ts';
import { initialState, type LogEntry, type TrainingState } from './trainingState.ts';
import { checkWeights, trainStep } from './trainStep.ts';
import { decaysByDefault } from './weightDecay.ts';
import { loadVariables, saveVariables } from './weightFiles.ts';

/** What a task lends the loop. */
export interface TrainingHooks {
  /** Measures the model on held-out data. Its `loss` and other metrics go into the log. */
  evaluate?(context: {
    readonly signal: AbortSignal | undefined;
  }): Promise<Record<string, number>> | Record<string, number>;
  /** The model's files for a checkpoint, and their way back: both or none. Default: the variables. */
  saveModel?(): Promise<Map<string, Uint8Array>> | Map<string, Uint8Array>;
  loadModel?(files: ReadonlyMap<string, Uint8Array>): Promise<void> | void;
  /** Opens `outputDir` and `resumeFromCheckpoint`. Default: {@link openStorage}, without a disk. */
  openStorage?(target: StorageTarget): Storage;
  /** Who was called, for messages. Default: 'train'. */
  readonly name?: string;
}

/** The result of a training. */
export interface TrainingResult extends Warned {
  /** The number of updates done, including those before a resume. */
  readonly globalStep: number;
  /** The number of epochs done, with a fraction. */
  readonly epoch: number;
  /** The mean loss of all updates. */
  readonly trainLoss: number;
  /** The log, in the order of the updates. */
  readonly logHistory: readonly LogEntry[];
  /** The best value of `metricForBestModel`; undefined without evaluations. */
  readonly bestMetric: number | undefined;
  /** The update after which `bestMetric` was measured; undefined without evaluations. */
  readonly bestStep: number | undefined;
  /** Whether `earlyStoppingPatience` ended the training. */
  readonly stoppedEarly: boolean;
  /**
   * The most bytes of the WebAssembly heap in use at once during the updates of this call: weights,
   * optimizer state, activations, gradients, and everything else that is not disposed. The heap itself
   * (`engine.info().heapBytes`) is larger, because it grows in steps. Undefined without an update.
   */
  readonly peakHeapBytes: number | undefined;
}

/**
 * Trains a model: for every batch `loss -> gradients -> clip -> schedule -> optimizer`, with
 * evaluations, early stopping, progress and checkpoints in between. All tasks use this one loop.
 *
 * The same model, data, options and seed give the same weights, bit for bit, in one go or resumed
 * from checkpoints. Weights are changed in place; nothing else of the memory stays in use.
 *
 * @param model variables and a loss.
 * @param data where the batches come from.
 * @param options see {@link trainingOptionEntries}.
 * @param hooks evaluation, the model's files, and storage.
 * @throws AnyformerError `INVALID_ARGUMENT`, `UNKNOWN_OPTION` before anything is done;
 *   `INVALID_DATA` without batches; `NON_FINITE_LOSS` when it diverges: the weights and the
 *   checkpoint of the last good step stay; `ABORTED` after `signal`, with the weights of the last
 *   step and, with `outputDir`, a checkpoint of them; `INVALID_FILE` and `STORAGE` for checkpoints.
 *
 * @example
 * await train(model, data, { epochs: 2, learningRate: 1e-3, warmupRatio: 0.1, onProgress });
 *
 * @see https://huggingface.co/docs/transformers/main_classes/trainer (the options' meaning)
 */
export async function train<Batch>(
  model: Trainable<Batch>,
  data: TrainingData<Batch>,
  options: TrainingOptions = {},
  hooks: TrainingHooks = {},
): Promise<TrainingResult> {
  const name = hooks.name ?? 'train';
  const resolved = resolveTrainingOptions(name, options, hooks.evaluate !== undefined);
  throwIfAborted(resolved.signal, 'Training');
  checkTrainable(name, model, resolved);
  const run = new TrainingRun(model, data, resolved, hooks);
  try {
    await run.resume();
    return await run.run();
  } finally {
    run.dispose();
  }
}

/** One call of {@link train}. */
class TrainingRun<Batch> {
  readonly #optimizer: Optimizer;
  readonly #best: BestWeights;
  readonly #pacer = new Pacer();
  readonly #peakHeap = new PeakHeap();
  readonly #output: Storage | undefined;
  readonly #batches: EpochBatches<Batch>;
  readonly #schedule: Schedule;
  readonly #identity: RunIdentity;
  #progress: ProgressReporter;
  #state: TrainingState = initialState();

  constructor(
    private readonly model: Trainable<Batch>,
    private readonly data: TrainingData<Batch>,
    private readonly options: ResolvedTrainingOptions,
    private readonly hooks: TrainingHooks,
  ) {
    this.#batches = new EpochBatches(data, options);
    const stepsPerEpoch = Math.ceil(this.#batches.count / options.gradientAccumulationSteps);
    const totalSteps = options.maxSteps ?? options.epochs * stepsPerEpoch;
    this.#schedule = {
      type: options.lrSchedulerType,
      totalSteps,
      warmupSteps: options.warmupSteps || Math.ceil(options.warmupRatio * totalSteps),
    };
    this.#identity = runIdentity(options, this.#schedule, model.variables, this.#batches.of(0));
    this.#output = options.outputDir === undefined ? undefined : this.#open(options.outputDir);
    this.#progress = new ProgressReporter(options.onProgress, totalSteps, 0);
    this.#best = new BestWeights(model.variables, options);
    const decays = model.decays ? (name: string) => model.decays!(name) : decaysByDefault;
    this.#optimizer = createOptimizer(options.optimizer, { ...options, decays });
  }

  /** Goes to where a checkpoint stands, when the options name one. */
  async resume(): Promise<void> {
    const { resumeFromCheckpoint: from, onProgress } = this.options;
    if (from === undefined || from === false) return;
    const storage = from === true ? this.#output! : this.#open(from);
    const { state, identity, model, optimizer, best } = await readCheckpoint(storage);
    checkSameRun(identity, this.#identity);
    this.#optimizer.restore(this.model.variables, optimizer);
    await this.#loadModel(model);
    this.#best.copy = best;
    // What was resumed from elsewhere is not in outputDir yet.
    this.#state = from === true ? state : { ...state, savedStep: 0 };
    this.#progress = new ProgressReporter(onProgress, this.#schedule.totalSteps, state.globalStep);
  }

  async run(): Promise<TrainingResult> {
    try {
      // What was due after the last step before an abort, and was cut short.
      if (this.#state.globalStep > 0) await this.#afterStep();
      while (!this.#isFinished) {
        await this.#pacer.breathe();
        throwIfAborted(this.options.signal, 'Training');
        await this.#step();
        await this.#afterStep();
      }
    } catch (error) {
      if (error instanceof AnyformerError && error.code === 'ABORTED')
        await this.#stopAborted(error);
      throw error;
    }
    checkWeights(this.model.variables, this.#state.globalStep);
    if (this.options.loadBestModelAtEnd) this.#best.restore();
    return this.#result();
  }

  dispose(): void {
    this.#optimizer.dispose();
  }

  async #step(): Promise<void> {
    const started = performance.now();
    const state = this.#state;
    const { gradientAccumulationSteps, learningRate: peak } = this.options;
    const batches = this.#batches.of(state.epoch);
    const end = Math.min(state.batch + gradientAccumulationSteps, batches.length);
    const learningRate = peak * learningRateFactor(this.#schedule, state.globalStep);
    const { model, data, options } = this;
    const context = { model, data, options, optimizer: this.#optimizer, pacer: this.#pacer };
    const indices = batches.slice(state.batch, end);
    const { loss, gradNorm, tokens } = await this.#peakHeap.during(() =>
      trainStep(context, indices, state.globalStep, learningRate),
    );
    state.globalStep++;
    state.batch = end;
    if (state.batch === batches.length) {
      state.epoch++;
      state.batch = 0;
    }
    state.lossSum += loss;
    state.unloggedLossSum += loss;
    const seconds = (performance.now() - started) / 1000;
    this.#log(learningRate, gradNorm);
    await this.#progress.stepped({
      step: state.globalStep,
      epoch: this.#epoch,
      loss,
      learningRate,
      tokens,
      seconds,
      peakHeapBytes: this.#peakHeap.bytes,
    });
  }

  #log(learningRate: number, gradNorm: number): void {
    const state = this.#state;
    if (state.globalStep % this.options.loggingSteps !== 0 && !this.#isFinished) return;
    state.logHistory.push({
      step: state.globalStep,
      epoch: this.#epoch,
      loss: state.unloggedLossSum / (state.globalStep - state.loggedStep),
      learningRate,
      gradNorm,
    });
    state.loggedStep = state.globalStep;
    state.unloggedLossSum = 0;
  }

  /** Evaluates and saves, where it is due and not done yet. */
  async #afterStep(): Promise<void> {
    const state = this.#state;
    const { evalStrategy, evalSteps, saveStrategy, saveSteps } = this.options;
    if (state.evaluatedStep < state.globalStep && this.#isDue(evalStrategy, evalSteps)) {
      await this.#evaluate();
    }
    if (state.savedStep < state.globalStep && this.#isDue(saveStrategy, saveSteps)) {
      await this.#save();
    }
  }

  /** At the end of the training everything is due. */
  #isDue(strategy: Strategy, steps: number): boolean {
    if (strategy === 'no') return false;
    if (this.#isFinished) return true;
    return strategy === 'epoch' ? this.#state.batch === 0 : this.#state.globalStep % steps === 0;
  }

  async #evaluate(): Promise<void> {
    const state = this.#state;
    const metrics = await this.hooks.evaluate!({ signal: this.options.signal });
    this.#best.evaluated(metrics, state);
    state.evaluatedStep = state.globalStep;
    state.logHistory.push({ step: state.globalStep, epoch: this.#epoch, metrics: { ...metrics } });
    await this.#progress.evaluated(metrics);
  }

  async #save(): Promise<void> {
    checkWeights(this.model.variables, this.#state.globalStep);
    await writeCheckpoint(this.#output!, {
      state: this.#state,
      identity: this.#identity,
      model: await this.#saveModel(),
      optimizer: this.#optimizer.state(),
      best: this.#best.copy,
    });
    this.#state.savedStep = this.#state.globalStep;
  }

  async #stopAborted(error: AnyformerError): Promise<never> {
    const { globalStep, savedStep } = this.#state;
    if (this.#output && savedStep < globalStep) await this.#save();
    const kept =
      this.#output && globalStep > 0
        ? `; the checkpoint in ${this.#output.location} goes on from there with resumeFromCheckpoint: true`
        : '; the model has the weights of that step';
    throw new AnyformerError(
      'ABORTED',
      `Training was aborted after step ${globalStep} of ${this.#schedule.totalSteps}${kept}.`,
      { cause: error.cause },
    );
  }

  #saveModel(): Promise<Map<string, Uint8Array>> | Map<string, Uint8Array> {
    return this.hooks.saveModel?.() ?? saveVariables(this.model.variables);
  }

  #loadModel(files: ReadonlyMap<string, Uint8Array>): Promise<void> | void {
    if (this.hooks.loadModel) return this.hooks.loadModel(files);
    loadVariables(this.model.variables, files);
  }

  #open(target: StorageTarget): Storage {
    return this.hooks.openStorage?.(target) ?? openStorage(target);
  }

  /** Epochs done, with a fraction. */
  get #epoch(): number {
    return this.#state.epoch + this.#state.batch / this.#batches.count;
  }

  get #isFinished(): boolean {
    return this.#state.stoppedEarly || this.#state.globalStep >= this.#schedule.totalSteps;
  }

  #result(): TrainingResult {
    const { globalStep, lossSum, logHistory, bestMetric, bestStep, stoppedEarly } = this.#state;
    return {
      globalStep,
      epoch: this.#epoch,
      trainLoss: lossSum / globalStep,
      logHistory,
      bestMetric,
      bestStep,
      stoppedEarly,
      peakHeapBytes: this.#peakHeap.bytes,
      warnings: [],
    };
  }
}
