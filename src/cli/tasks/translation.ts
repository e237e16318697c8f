import { naming } from '../../data/naming.ts';
import { parsePairs } from '../../data/parsePairs.ts';
import { Translator } from '../../tasks/translator.ts';
import type {
  TranslateOptions,
  TranslatorOptions,
  TranslatorTrainingOptions,
} from '../../tasks/translatorOptions.ts';
import { problemsNote, tableOptions, withFlags } from '../dataOptions.ts';
import { openData } from '../dataSource.ts';
import { searchFlags } from '../generationFlags.ts';
import { boolean, number, type Options, pick, text, type Values } from '../options.ts';
import type { Output } from '../output.ts';
import { tokenizerOf } from '../tokenizerOf.ts';
import { trainingFlags } from '../trainingFlags.ts';
import { UsageError } from '../usageError.ts';
import type { Asked, LoadedModel, Prediction, Task, TrainingRun } from './task.ts';

const DEFAULT_VOCABULARY = 8000;

const pairOptions = {
  format: tableOptions.format,
  delimiter: tableOptions.delimiter,
  sourceColumn: text('The column of the texts. Default: found by its name, or the first', 'NAME'),
  targetColumn: text(
    'The column of what they become. Default: found likewise, or the second',
    'NAME',
  ),
};

const tokenizerOptions = {
  tokenizerType: text('byte-level-bpe, wordpiece or characters. Default: byte-level-bpe', 'NAME'),
  vocabSize: number(`Entries of the vocabulary of both sides. Default: ${DEFAULT_VOCABULARY}`),
  minFrequency: number('How often a pair of tokens must occur to become one. Default: 2'),
  lowercase: boolean('Of wordpiece: drop case; or --no-lowercase. Default: true'),
};

const modelOptions = {
  modelType: text('transformer, bart or marian. Default: transformer', 'NAME'),
  hiddenSize: number('Width of the hidden states. Default: 256; others 1024'),
  numHiddenLayers: number('Blocks of encoder and decoder. Default: 1; others 12'),
  encoderLayers: number('Those of the encoder alone'),
  decoderLayers: number('Those of the decoder alone'),
  numAttentionHeads: number('Of encoder and decoder. Default: 8; others 16'),
  encoderAttentionHeads: number('Those of the encoder alone'),
  decoderAttentionHeads: number('Those of the decoder alone'),
  intermediateSize: number('Width of the feed-forward parts. Default: 1024; others 4096'),
  encoderFfnDim: number('That of the encoder alone'),
  decoderFfnDim: number('That of the decoder alone'),
  hiddenAct: text('Their activation. Default: relu; others gelu', 'NAME'),
  dropout: number('Of the embeddings and the output of each part. Default: 0.1'),
  attentionDropout: number('Of the attention probabilities. Default: 0'),
  activationDropout: number('Within the feed-forward parts. Default: 0'),
  maxPositionEmbeddings: number('The longest text the model can hold. Default: --max-length'),
  positions: text('learned or sinusoidal. Default: learned; marian sinusoidal', 'NAME'),
  scaleEmbedding: boolean('Token embeddings times the root of the hidden size'),
  layernormEmbedding: boolean('Layer norm of the embeddings. Default: false; bart true'),
  normalizeFirst: boolean('Layer norm before each part rather than after it'),
  shareEncoderDecoderEmbeddings: boolean('One table of embeddings. Default: true'),
  tieWordEmbeddings: boolean("Logits by the target's embeddings. Default: true"),
  layerNormEps: number('Default: 1e-5'),
  initStd: number('Deviation of the first weights. Default: 0.02; transformer as Keras'),
};

const lengthOptions = {
  maxLength: number('Both sides are cut to so many tokens. Default: 128'),
};

async function readTranslations(path: string, values: Values<typeof pairOptions>, output: Output) {
  const { format, delimiter, sourceColumn, targetColumn } = values;
  const source = openData(path, format, 'jsonl');
  if (source.format === 'txt') {
    throw new UsageError(`${source.name} is a txt, which has no pairs; pass a csv, tsv or jsonl.`);
  }
  const { pairs, problems } = await naming(source.name, () =>
    parsePairs(source.bytes, {
      format: source.format,
      source: sourceColumn,
      target: targetColumn,
      delimiter,
    }),
  ).catch((error: unknown) => {
    throw withFlags(error, 'Name them by --source-column and --target-column.');
  });
  if (problems.length > 0) output.note(problemsNote(source.name, problems));
  return pairs;
}

function createOptions(values: Values<Options>): TranslatorOptions {
  const tokenizer = tokenizerOf<NonNullable<TranslatorOptions['tokenizer']>>(
    values,
    tokenizerOptions,
    DEFAULT_VOCABULARY,
  );
  const { modelType, ...model } = pick(values, modelOptions);
  const { seed } = values as { seed?: number };
  return {
    ...pick(values, lengthOptions),
    ...(tokenizer && { tokenizer }),
    model: { ...model, ...(modelType && { type: modelType }) } as NonNullable<
      TranslatorOptions['model']
    >,
    ...(seed !== undefined && { seed }),
  };
}

async function train(run: TrainingRun) {
  const { values, output, signal, onProgress, folder, resume, validationData } = run;
  const translator = await Translator.create(createOptions(values));
  try {
    const pairs = await readTranslations(run.data, values, output);
    const held = validationData && (await readTranslations(validationData, values, output));
    const { validationSplit } = values as { validationSplit?: number };
    const result = await translator.train(pairs, {
      ...(pick(values, trainingFlags) as TranslatorTrainingOptions),
      ...(held && { validationData: held }),
      ...(validationSplit !== undefined && { validationSplit }),
      ...(onProgress && { onProgress }),
      signal,
      outputDir: folder,
      resumeFromCheckpoint: resume,
    });
    await translator.save(folder);
    return result;
  } finally {
    translator.dispose();
  }
}

/** A trained translator behind the commands. */
class LoadedTranslator implements LoadedModel {
  constructor(private readonly translator: Translator) {}

  async predict(texts: readonly string[], { values, signal }: Asked): Promise<Prediction[]> {
    const search = pick(values, searchFlags) as TranslateOptions;
    const options = { ...search, signal, batchSize: texts.length };
    const translations = await this.translator.predict(texts, options);
    return translations.map((translation) => ({ json: { translation }, plain: translation }));
  }

  async evaluate(data: string, { values, output, signal }: Asked): Promise<Prediction> {
    const { onProgress } = output;
    const { batchSize } = values as { batchSize?: number };
    const { warnings: _, ...report } = await this.translator.evaluate(
      await readTranslations(data, values, output),
      {
        ...(pick(values, searchFlags) as TranslateOptions),
        signal,
        ...(batchSize !== undefined && { batchSize }),
        ...(onProgress && { onProgress }),
      },
    );
    const rows = Object.entries(report).map(
      ([name, value]) => `${name.padEnd('tokenAccuracy'.length)}  ${value.toFixed(4)}`,
    );
    return { json: report, plain: rows.join('\n') };
  }

  dispose(): void {
    this.translator.dispose();
  }
}

/** A text for a text. */
export const translation: Task = {
  name: 'translation',
  architecture: /(ForConditionalGeneration|MarianMTModel)$/,
  trainOptions: {
    'Columns of translation': pairOptions,
    'Vocabulary of translation': { ...lengthOptions, ...tokenizerOptions },
    'Model of translation': modelOptions,
  },
  predictOptions: searchFlags,
  evaluateOptions: { ...pairOptions, ...searchFlags },
  train,
  async load(model, signal, onProgress) {
    const options = { signal, ...(onProgress && { onProgress }) };
    return new LoadedTranslator(await Translator.load(model, options));
  },
};
