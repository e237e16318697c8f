import { AnyformerError } from '../core/errors.ts';
import type { OnProgress } from '../core/progress.ts';
import type { StorageTarget } from '../storage/openStorage.ts';
import { type SealedFileNames, sealFiles } from '../storage/sealedFiles.ts';
import { hasOverflowed } from '../train/hasOverflowed.ts';
import type { Trainable, TrainingData } from '../train/trainable.ts';
import type { TrainingHooks, TrainingResult } from '../train/trainer.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';
import { openFolder } from './openFolder.ts';

/** What differs between tasks, which are all loaded, trained and saved in the same way. */
export interface TaskKind<Parts, Saved = unknown> {
  /** The name of its class. */
  readonly name: string;
  /** The files of a saved one besides config.json. */
  readonly fileNames: SealedFileNames;
  /** What the files hold. The engine need not run: their reading and its start take place together. */
  read(files: ReadonlyMap<string, Uint8Array>, location: string): Saved;
  open(saved: Saved): Parts;
  toFiles(parts: Parts): Map<string, Uint8Array>;
  /** Takes the weights of a checkpoint over, or refuses one of other parts. */
  restore(parts: Parts, files: ReadonlyMap<string, Uint8Array>): void;
}

/** The model of a task, for its life. */
interface TaskModel extends Pick<Trainable<never>, 'variables'> {
  dispose(): void;
}

/** How slow work of a training is stopped and told of. */
export interface Slow {
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
}

/** What the training loop works on. */
export interface Lesson<Batch> extends Pick<TrainingHooks, 'evaluate'> {
  readonly model: Trainable<Batch>;
  readonly data: TrainingData<Batch>;
}

/**
 * The life of a task: its parts come with the first step of its first training, or from files, and
 * go with `dispose`.
 */
export class TaskLifecycle<Parts extends { readonly model: TaskModel }> {
  readonly #kind: TaskKind<Parts>;
  #parts: Parts | undefined;
  #training = false;
  #disposed = false;

  constructor(kind: TaskKind<Parts>, parts?: Parts) {
    this.#kind = kind;
    this.#parts = parts;
  }

  get parts(): Parts | undefined {
    return this.#parts;
  }

  /** The parts, which `method` cannot do without. */
  ready(method: string): Parts {
    this.checkAlive();
    if (this.#parts) return this.#parts;
    const { name } = this.#kind;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${name}.${method} needs a trained model and there is none yet; call train first, or ${name}.load.`,
    );
  }

  /** Throws when the task is disposed of, as it may be after every turn of the event loop. */
  readonly checkAlive = (): void => {
    if (!this.#disposed) return;
    throw new AnyformerError(
      'DISPOSED',
      `This ${this.#kind.name} was disposed of; create or load another.`,
    );
  };

  /** Does the work of `train`, one call at a time; what is disposed of meanwhile goes at its end. */
  async training<T>(work: () => Promise<T>): Promise<T> {
    this.checkAlive();
    if (this.#training) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `${this.#kind.name}.train is running already; wait for it, or stop it by its signal.`,
      );
    }
    this.#training = true;
    try {
      return await work();
    } finally {
      this.#training = false;
      if (this.#disposed) this.#release();
    }
  }

  /** How slow work outside of the training loop is stopped and told of. */
  slowOf({ signal, onProgress }: Pick<TrainingOptions, 'signal' | 'onProgress'>): Slow {
    return {
      signal,
      onProgress: (progress) => {
        this.checkAlive();
        return onProgress?.(progress);
      },
    };
  }

  /** Takes over what was made outside of {@link learn}. What it replaces is the caller's to dispose of. */
  adopt(parts: Parts): void {
    this.#parts = parts;
  }

  /** Gives up the parts there are, as if there had been no training. */
  forget(): void {
    this.#release();
  }

  /** Makes what is not there yet and trains it. Without a first step nothing of it stays. */
  async learn<Batch>(
    options: TrainingOptions,
    makeParts: (slow: Slow) => Promise<Parts>,
    prepare: (parts: Parts, slow: Slow) => Promise<Lesson<Batch>>,
  ): Promise<TrainingResult> {
    this.checkAlive();
    const isFirst = this.#parts === undefined;
    let known = this.#parts;
    const onProgress: OnProgress = (progress) => {
      this.checkAlive();
      if (progress.phase === 'train') this.#parts = known;
      return options.onProgress?.(progress);
    };
    const slow = { signal: options.signal, onProgress };
    known ??= await makeParts(slow);
    const parts = known;
    try {
      const { model, data, ...hooks } = await prepare(parts, slow);
      // An app that only predicts does not carry what trains.
      const { train } = await import('../train/trainer.ts');
      const withFiles = { ...hooks, ...this.#fileHooks(parts) };
      return await train(model, data, { ...options, onProgress }, withFiles);
    } catch (error) {
      // The next attempt then begins anew instead of going on from what nothing can be made of.
      if (isFirst && hasOverflowed(parts.model)) this.#parts = undefined;
      throw error;
    } finally {
      if (parts !== this.#parts) parts.model.dispose();
    }
  }

  #fileHooks(parts: Parts): TrainingHooks {
    return {
      name: `${this.#kind.name}.train`,
      openStorage: openFolder,
      saveModel: () => this.#kind.toFiles(parts),
      loadModel: (files) => {
        this.#kind.restore(parts, files);
        this.#parts = parts;
      },
    };
  }

  async save(target: StorageTarget): Promise<void> {
    const files = sealFiles(this.#kind.toFiles(this.ready('save')));
    await openFolder(target).write(files);
  }

  dispose(): void {
    this.#disposed = true;
    if (!this.#training) this.#release();
  }

  #release(): void {
    this.#parts?.model.dispose();
    this.#parts = undefined;
  }
}
