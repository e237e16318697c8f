import type { TextExample } from '../../data/labels.ts';
import type { ClassificationReport } from '../../tasks/classificationReport.ts';
import type { TextClassifierOptions, TokenizerOptions } from '../../tasks/classifierOptions.ts';
import { TextClassifier } from '../../tasks/textClassifier.ts';
import { labelledOptions, readLabelled } from '../dataOptions.ts';
import { kebabCase } from '../names.ts';
import { boolean, list, named, number, type Options, pick, text, type Values } from '../options.ts';
import { tokenizerOf } from '../tokenizerOf.ts';
import { UsageError } from '../usageError.ts';
import type { Asked, LoadedModel, Prediction, Task, TrainingRun } from './task.ts';
import { trainModel } from './trainModel.ts';

const textOptions = {
  labels: list(
    "The labels, in the order of the model's outputs. Default: those of the data, sorted",
  ),
  multiLabel: boolean('A text may have several labels, or none. Default: false'),
  maxLength: number('Longer texts are cut to this many tokens. Default: follows the data'),
  truncationSide: text(
    'Which end of a long text is cut: right keeps its first words, left its last. Default: right',
    'SIDE',
  ),
};

const tokenizerOptions = {
  tokenizerType: named(
    'tokenizer.type',
    text('How texts become tokens: wordpiece or byte-level-bpe. Default: wordpiece', 'NAME'),
  ),
  vocabSize: number('The most entries of the vocabulary. Default: follows the data'),
  minFrequency: number('How often a pair of tokens must occur to become one token. Default: 2'),
  lowercase: boolean('wordpiece only: ignore case; --no-lowercase keeps it. Default: true'),
};

const encoderName = {
  encoder: named(
    'encoder.type',
    text(
      'The kind of model: auto, ngrams, transformer or bert. Default: auto, or transformer when an option below is given',
      'NAME',
    ),
  ),
  encoderType: named('encoder.type', text('The old name of --encoder', 'NAME')),
};

const encoderSize = {
  hiddenSize: number('Width of the hidden states. Default: follows the data; bert 768'),
  numHiddenLayers: number('Number of Transformer blocks. Default: 1; bert 12'),
  numAttentionHeads: number('Attention heads in each block. Default: 8; bert 12'),
  intermediateSize: number('Width of the feed-forward layers. Default: 512; bert 3072'),
  hiddenAct: text('Activation of the feed-forward layers. Default: relu; bert gelu', 'NAME'),
  dropout: number('Sets both dropout rates below. Default: follows the data; bert 0.1'),
  hiddenDropoutProb: number(
    'Dropout of the embeddings and after each sublayer. Default: --dropout',
  ),
  attentionProbsDropoutProb: number('Dropout of the attention probabilities. Default: --dropout'),
  maxPositionEmbeddings: number('The longest text the model can hold. Default: --max-length'),
  typeVocabSize: number('Number of segment ids. Default: 0; bert 2'),
  layerNormEps: number('Epsilon of the layer norms. Default: 1e-5; bert 1e-12'),
  initializerRange: number(
    'Standard deviation of the initial weights. Default: as in Keras; bert 0.02',
  ),
  normalizeFirst: boolean('transformer only: layer norm before each sublayer. Default: after it'),
  pooling: text('How a text becomes one vector: mean, max or cls. Default: mean; bert cls', 'NAME'),
};

const predictOptions = {
  topK: number('How many labels to print, best first. Default: 1'),
  minScore: number(
    "Print 'unknown' for a text whose best label scores lower, from 0 to 1. Default: 0",
  ),
};

/** The options of `TextClassifier.create`, whose objects are flat on the command line. */
function createOptions(values: Values<Options>): TextClassifierOptions {
  const tokenizer = tokenizerOf<TokenizerOptions>(values, tokenizerOptions, {
    type: 'wordpiece',
  });
  const encoder = encoderOf(values);
  const { seed } = values as { seed?: number };
  return {
    ...(pick(values, textOptions) as { truncationSide?: 'left' | 'right' }),
    ...(tokenizer && { tokenizer }),
    ...(encoder && { encoder }),
    ...(seed !== undefined && { seed }),
  };
}

/** Undefined leaves the choice to the library, which is what `auto` means. */
function encoderOf(values: Values<Options>): TextClassifierOptions['encoder'] {
  const names = pick(values, encoderName);
  if (names.encoder !== undefined && names.encoderType !== undefined) {
    throw new UsageError('--encoder and --encoder-type are the same; pass --encoder alone.');
  }
  const type = names.encoder ?? names.encoderType;
  const size = pick(values, encoderSize);
  const [given] = Object.keys(size);
  if (type === 'auto' && given !== undefined) {
    throw new UsageError(
      `--encoder auto chooses the model by the data, and --${kebabCase(given)} is for one you name; pass --encoder transformer or bert, or leave --${kebabCase(given)} out.`,
    );
  }
  if (type === 'auto' || (type === undefined && given === undefined)) return undefined;
  return { ...size, type: type ?? 'transformer' } as TextClassifierOptions['encoder'];
}

const train = (run: TrainingRun) =>
  trainModel<readonly TextExample[]>(run, {
    create: () => TextClassifier.create(createOptions(run.values)),
    load: (model, options) => TextClassifier.load(model, options),
    read: (path) => readLabelled(path, run.values, run.output),
  });

/** A trained classifier behind the commands. */
class LoadedClassifier implements LoadedModel {
  constructor(private readonly classifier: TextClassifier) {}

  async predict(texts: readonly string[], { values, signal }: Asked): Promise<Prediction[]> {
    const asked = pick(values, predictOptions) as Values<typeof predictOptions>;
    const options = { topK: 1, ...asked, signal, batchSize: texts.length };
    const answers = await this.classifier.predict(texts, options);
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
  dataOptions: labelledOptions,
  createOptions: {
    'Texts of text-classification': { ...textOptions, ...tokenizerOptions },
    'Model of text-classification': { ...encoderName, ...encoderSize },
  },
  predictOptions,
  evaluateOptions: {},
  train,
  async load(model, signal, onProgress) {
    const options = { signal, ...(onProgress && { onProgress }) };
    return new LoadedClassifier(await TextClassifier.load(model, options));
  },
};
