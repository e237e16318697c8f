import type { TrainingResult } from '../../train/trainer.ts';
import type { TrainingOptions } from '../../train/trainingOptions.ts';
import { removeCheckpoint } from '../modelFolder.ts';
import { pick } from '../options.ts';
import { trainingFlags } from '../trainingFlags.ts';
import type { TrainingRun } from './task.ts';

type Options<Data> = TrainingOptions & { validationData?: Data; validationSplit?: number };

/** What `train` needs of a TextClassifier, a TextGenerator or a Translator. */
interface Learner<Data> {
  train(data: Data, options: Options<Data>): Promise<TrainingResult>;
  save(folder: string): Promise<void>;
  dispose(): void;
}

interface Making<Data> {
  /** A new model, of the options on the command line. */
  create(): Promise<Learner<Data>>;
  /** A saved model, for `--from`. */
  load(model: string, options: { signal: AbortSignal }): Promise<Learner<Data>>;
  read(path: string): Promise<Data>;
}

/**
 * Trains a new model, or with `--from` a saved one, and saves it. Nothing is written before the model
 * and the data are there.
 */
export async function trainModel<Data>(
  run: TrainingRun,
  { create, load, read }: Making<Data>,
): Promise<TrainingResult> {
  const { values, signal, onProgress, folder, checkpoints, resume, from } = run;
  const model = await (from === undefined ? create() : load(from, { signal }));
  try {
    const data = await read(run.data);
    const validationData =
      run.validationData === undefined ? undefined : await read(run.validationData);
    const { validationSplit } = values as { validationSplit?: number };
    if (!resume) await removeCheckpoint(folder);
    const result = await model.train(data, {
      ...(pick(values, trainingFlags) as TrainingOptions),
      ...(validationData !== undefined && { validationData }),
      ...(validationSplit !== undefined && { validationSplit }),
      ...(onProgress && { onProgress }),
      signal,
      outputDir: checkpoints,
      resumeFromCheckpoint: resume,
    });
    await model.save(folder);
    return result;
  } finally {
    model.dispose();
  }
}
