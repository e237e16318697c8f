import type { EncoderOptions } from '../../models/encoderConfig.ts';
import type { ClassificationReport } from '../../tasks/classificationReport.ts';
import type { ClassifierTrainingOptions, TokenizerOptions } from '../../tasks/classifierOptions.ts';
import { TextClassifier } from '../../tasks/textClassifier.ts';
import { labelledOptions, readLabelled } from '../dataOptions.ts';
import { boolean, list, number, pick, text, type Values } from '../options.ts';
import { trainingFlags } from '../trainingFlags.ts';
import type { Asked, LoadedModel, Prediction, Task, TrainingRun } from './task.ts';

const textOptions = {
  labels: list('The labels, in the order of the outputs. Default: those of the data, sorted'),
  multiLabel: boolean('Whether a text may have several labels, or none'),
  maxLength: number('Texts are cut to so many tokens. Default: 200'),
  truncationSide: text("left keeps a text's last words. Default: right", 'SIDE'),
};

const tokenizerOptions = {
  tokenizerType: text('wordpiece or byte-level-bpe. Default: wordpiece', 'NAME'),
  vocabSize: number('Entries of the vocabulary. Default: 20000'),
  minFrequency: number('How often a pair of tokens must occur to become one. Default: 2'),
  lowercase: boolean('Of wordpiece: drop case; or --no-lowercase. Default: true'),
};

const encoderOptions = {
  encoderType: text('transformer or bert. Default: transformer', 'NAME'),
  hiddenSize: number('Width of the hidden states. Default: 256; bert 768'),
  numHiddenLayers: number('Blocks. Default: 1; bert 12'),
  numAttentionHeads: number('Default: 8; bert 12'),
  intermediateSize: number('Width of the feed-forward part. Default: 512; bert 3072'),
  hiddenAct: text('Its activation. Default: relu; bert gelu', 'NAME'),
  dropout: number('Both rates below at once. Default: 0.1'),
  hiddenDropoutProb: number('Of the embeddings and the output of each part'),
  attentionProbsDropoutProb: number('Of the attention probabilities'),
  maxPositionEmbeddings: number('The longest text the model can hold. Default: --max-length'),
  typeVocabSize: number('Segment ids. Default: 0; bert 2'),
  layerNormEps: number('Default: 1e-5; bert 1e-12'),
  initializerRange: number('Deviation of the first weights. Default: as Keras; bert 0.02'),
  normalizeFirst: boolean('Layer norm before each part rather than after it'),
  pooling: text('mean, max or cls. Default: mean; bert cls', 'NAME'),
};

const predictOptions = {
  topK: number('How many labels to print, best first. Default: 1'),
};

const DEFAULT_VOCABULARY = 20_000;

/** The options of `TextClassifier.create`, whose objects are flat on the command line. */
function createOptions(
  values: Values<typeof textOptions & typeof tokenizerOptions & typeof encoderOptions>,
) {
  const { tokenizerType = 'wordpiece', ...vocabulary } = pick(values, tokenizerOptions) as Values<
    typeof tokenizerOptions
  >;
  const { encoderType, ...encoder } = pick(values, encoderOptions) as Values<typeof encoderOptions>;
  return {
    ...(pick(values, textOptions) as { truncationSide?: 'left' | 'right' }),
    tokenizer: {
      vocabSize: DEFAULT_VOCABULARY,
      ...vocabulary,
      type: tokenizerType,
    } as TokenizerOptions,
    encoder: { ...encoder, ...(encoderType && { type: encoderType }) } as EncoderOptions,
  };
}

async function train(run: TrainingRun) {
  const { values, output, signal, onProgress, folder, resume } = run;
  const { seed } = values as { seed?: number };
  const classifier = await TextClassifier.create({
    ...createOptions(values),
    ...(seed !== undefined && { seed }),
  });
  try {
    const examples = await readLabelled(run.data, values, output);
    const { validationData: path } = run;
    const validationData = path && (await readLabelled(path, values, output));
    const { validationSplit } = values as { validationSplit?: number };
    const result = await classifier.train(examples, {
      ...(pick(values, trainingFlags) as ClassifierTrainingOptions),
      ...(validationData && { validationData }),
      ...(validationSplit !== undefined && { validationSplit }),
      ...(onProgress && { onProgress }),
      signal,
      outputDir: folder,
      resumeFromCheckpoint: resume,
    });
    await classifier.save(folder);
    return result;
  } finally {
    classifier.dispose();
  }
}

/** A trained classifier behind the commands. */
class LoadedClassifier implements LoadedModel {
  constructor(private readonly classifier: TextClassifier) {}

  async predict(texts: readonly string[], { values, signal }: Asked): Promise<Prediction[]> {
    const { topK = 1 } = values as Values<typeof predictOptions>;
    const answers = await this.classifier.predict(texts, { topK, signal, batchSize: texts.length });
    return answers.map((labels) => ({
      json: { labels },
      plain: labels.map(({ label, score }) => `${label} ${score.toFixed(4)}`).join('  '),
    }));
  }

  async evaluate(data: string, { values, output, signal }: Asked): Promise<Prediction> {
    const { onProgress } = output;
    const { batchSize } = values as { batchSize?: number };
    const examples = await readLabelled(data, values, output);
    const { warnings: _, ...report } = await this.classifier.evaluate(examples, {
      signal,
      ...(batchSize !== undefined && { batchSize }),
      ...(onProgress && { onProgress }),
    });
    return { json: report, plain: reportTable(report) };
  }

  dispose(): void {
    this.classifier.dispose();
  }
}

/** The report for people: the whole, then each label with the answers that its texts got. */
function reportTable(report: ClassificationReport): string {
  const { examples, labels, perLabel, confusionMatrix } = report;
  const whole = (['loss', 'accuracy', 'balancedAccuracy', 'precision', 'recall', 'f1'] as const)
    .filter((name) => report[name] !== undefined)
    .map((name) => [name, report[name]!.toFixed(4)]);
  const parts = [columns([['examples', String(examples)], ...whole])];
  if (perLabel) {
    const rows = Object.entries(perLabel).map(([label, metrics]) => [
      label,
      ...[metrics.precision, metrics.recall, metrics.f1].map((value) => value.toFixed(4)),
      String(metrics.support),
    ]);
    parts.push(columns([['label', 'precision', 'recall', 'f1', 'examples'], ...rows]));
  }
  if (confusionMatrix) {
    const rows = confusionMatrix.map((row, index) => [labels[index]!, ...row.map(String)]);
    parts.push(columns([['true \\ predicted', ...labels], ...rows]));
  }
  return parts.join('\n\n');
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ');
  return rows.map(line).join('\n');
}

/** One label, or several, for a text. */
export const textClassification: Task = {
  name: 'text-classification',
  architecture: /ForSequenceClassification$/,
  trainOptions: {
    'Columns of text-classification': labelledOptions,
    'Texts of text-classification': { ...textOptions, ...tokenizerOptions },
    'Model of text-classification': encoderOptions,
  },
  predictOptions,
  evaluateOptions: labelledOptions,
  train,
  async load(model, signal, onProgress) {
    const options = { signal, ...(onProgress && { onProgress }) };
    return new LoadedClassifier(await TextClassifier.load(model, options));
  },
};
