import {
  type ClassifierTrainingResult,
  createWorker,
  MemoryStorage,
  type Progress,
  type TaskWorker,
  TextClassifier,
  type TextExample,
} from 'anyformer';
import { Checkpoint, forgetRun, recallRun } from './checkpoint.ts';
import { type Measurements, measure, noMeasurements } from './measurements.ts';
import { classifierOptions, furtherOptions, type Settings, trainingOptions } from './recipe.ts';

/** One training from its start to its end, stops included. */
export interface Run {
  readonly examples: readonly TextExample[];
  readonly settings: Settings;
  readonly measurements: Measurements;
  /** Of a training that goes on from a finished model: its files, and which kind of model it is. */
  readonly base: { readonly files: Map<string, Uint8Array>; readonly encoder: string } | undefined;
  /** Whether it is at its end. */
  isDone: boolean;
  /** The update that the newest checkpoint was made after; 0 while there is none. */
  savedStep: number;
  /** Updates in all; 0 until the first is made. */
  totalSteps: number;
  /** What the training says of itself at its end. */
  result: TrainingOutcome | undefined;
}

/** What is shown of a training's result. */
export type TrainingOutcome = Pick<ClassifierTrainingResult, 'heldOut' | 'warnings' | 'choice'>;

export type OnProgress = (progress: Progress, run: Run) => void;

/** The page's classifier, and the training that makes it. All is computed in one worker. */
export class Session {
  classifier: TextClassifier | undefined;
  run: Run | undefined;
  #checkpoint: Checkpoint | undefined;
  #stopping = new AbortController();

  private constructor(readonly worker: TaskWorker) {}

  static async open(): Promise<Session> {
    return new Session(await createWorker());
  }

  /** Brings back what the last visit left: a training to go on with, or the model of one. */
  async recall(): Promise<Run | undefined> {
    const found = await recallRun();
    if (!found) return undefined;
    this.#use(await TextClassifier.load(found.checkpoint, { worker: this.worker }));
    this.run = found.run;
    this.#checkpoint = found.checkpoint;
    return this.run;
  }

  /** Trains a new classifier; the one before it goes. Returns when it is done or stopped. */
  async start(examples: readonly TextExample[], settings: Settings, onProgress: OnProgress) {
    await this.#begin(examples, settings, undefined, onProgress);
  }

  /** Trains the classifier that there is further, on examples whose labels it knows. */
  async trainOn(examples: readonly TextExample[], onProgress: OnProgress) {
    const { settings, result } = this.run!;
    const files = new Map<string, Uint8Array>();
    await this.classifier!.save(new MemoryStorage(files));
    const base = { files, encoder: result!.choice.encoder };
    await this.#begin(examples, settings, base, onProgress);
  }

  /** Goes on from the checkpoint, bit for bit as if there had been no stop. */
  async resume(onProgress: OnProgress) {
    await this.#train(this.run!, this.#checkpoint!, { resume: true }, onProgress);
  }

  get canResume(): boolean {
    return this.run !== undefined && !this.run.isDone && this.run.savedStep > 0;
  }

  /** Whether the model is at the end of its training, and examples were kept to go on with. */
  get canTrainOn(): boolean {
    return this.run?.isDone === true && this.run.result !== undefined;
  }

  /** Whether there is something to predict with, and to download. */
  get hasModel(): boolean {
    return this.classifier?.labels !== undefined;
  }

  /** Why the next visit will not find this training again; undefined where it will. */
  get keepingProblem(): string | undefined {
    return this.#checkpoint?.problem;
  }

  /** Stops after the update that is being made, and keeps a checkpoint of it. */
  stop(): void {
    this.#stopping.abort();
  }

  /** Takes the model of a file in place of the one there is. */
  async load(file: File): Promise<void> {
    this.#use(await TextClassifier.load(file, { worker: this.worker }));
    this.run = undefined;
    // What the next visit finds is not what this one shows.
    await forgetRun().catch(() => undefined);
  }

  async #begin(
    examples: readonly TextExample[],
    settings: Settings,
    base: Run['base'],
    onProgress: OnProgress,
  ) {
    const progress = { measurements: noMeasurements(), isDone: false, savedStep: 0, totalSteps: 0 };
    this.run = { examples, settings, base, ...progress, result: undefined };
    this.#checkpoint = new Checkpoint(this.run);
    await this.#train(this.run, this.#checkpoint, { resume: false }, onProgress);
  }

  async #train(
    run: Run,
    checkpoint: Checkpoint,
    { resume }: { resume: boolean },
    onProgress: OnProgress,
  ) {
    const { examples, settings, measurements, base } = run;
    this.#stopping = new AbortController();
    const { worker } = this;
    this.#use(
      base
        ? await TextClassifier.load(new MemoryStorage(new Map(base.files)), { worker })
        : await TextClassifier.create({ ...classifierOptions(settings, examples), worker }),
    );
    try {
      const { heldOut, warnings, choice } = await this.classifier!.train(examples, {
        ...(base ? furtherOptions(base.encoder) : trainingOptions(settings)),
        outputDir: checkpoint,
        resumeFromCheckpoint: resume,
        signal: this.#stopping.signal,
        onProgress: (progress) => {
          if (progress.phase === 'train') {
            measure(measurements, progress);
            run.totalSteps = progress.totalSteps!;
          }
          onProgress(progress, run);
        },
      });
      run.isDone = true;
      run.result = {
        heldOut,
        warnings,
        choice: base ? { ...choice, encoder: base.encoder } : choice,
      };
      // The whole model, in place of a checkpoint: that of an n-gram model there never was.
      this.#checkpoint = new Checkpoint(run);
      await this.classifier!.save(this.#checkpoint);
    } catch (error) {
      if ((error as { code?: string }).code !== 'ABORTED') throw error;
    }
  }

  #use(classifier: TextClassifier): void {
    this.classifier?.dispose();
    this.classifier = classifier;
  }
}
