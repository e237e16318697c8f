import { naming } from '../../data/naming.ts';
import { parsePairs } from '../../data/parsePairs.ts';
import { Translator } from '../../tasks/translator.ts';
import type { TranslateOptions, TranslatorOptions } from '../../tasks/translatorOptions.ts';
import { problemsNote, tableOptions, withFlags } from '../dataOptions.ts';
import { openData } from '../dataSource.ts';
import { searchFlags } from '../generationFlags.ts';
import { boolean, named, number, type Options, pick, text, type Values } from '../options.ts';
import type { Output } from '../output.ts';
import { tokenizerOf } from '../tokenizerOf.ts';
import { UsageError } from '../usageError.ts';
import type { Asked, LoadedModel, Prediction, Task, TrainingRun } from './task.ts';
import { trainModel } from './trainModel.ts';

const DEFAULT_VOCABULARY = 8000;

const pairOptions = {
  format: tableOptions.format,
  delimiter: tableOptions.delimiter,
  sourceColumn: text(
    'The column with the texts to translate. Default: found by its name, or the first',
    'NAME',
  ),
  targetColumn: text(
    'The column with their translations. Default: found by its name, or the second',
    'NAME',
  ),
};

const tokenizerOptions = {
  tokenizerType: named(
    'tokenizer.type',
    text(
      'How texts become tokens: byte-level-bpe, wordpiece or characters. Default: byte-level-bpe',
      'NAME',
    ),
  ),
  vocabSize: number(
    `The most entries of the vocabulary that both sides share. Default: ${DEFAULT_VOCABULARY}`,
  ),
  minFrequency: number('How often a pair of tokens must occur to become one token. Default: 2'),
  lowercase: boolean('wordpiece only: ignore case; --no-lowercase keeps it. Default: true'),
};

const modelOptions = {
  modelType: named(
    'model.type',
    text('The kind of model: transformer, bart or marian. Default: transformer', 'NAME'),
  ),
  hiddenSize: number('Width of the hidden states. Default: 256; bart and marian 1024'),
  numHiddenLayers: number(
    'Blocks of the encoder, and of the decoder. Default: 1; bart and marian 12',
  ),
  encoderLayers: number('Blocks of the encoder. Default: --num-hidden-layers'),
  decoderLayers: number('Blocks of the decoder. Default: --num-hidden-layers'),
  numAttentionHeads: number('Attention heads in each block. Default: 8; bart and marian 16'),
  encoderAttentionHeads: number('Heads of the encoder. Default: --num-attention-heads'),
  decoderAttentionHeads: number('Heads of the decoder. Default: --num-attention-heads'),
  intermediateSize: number('Width of the feed-forward layers. Default: 1024; bart and marian 4096'),
  encoderFfnDim: number('That width in the encoder. Default: --intermediate-size'),
  decoderFfnDim: number('That width in the decoder. Default: --intermediate-size'),
  hiddenAct: text(
    'Activation of the feed-forward layers. Default: relu; bart and marian gelu',
    'NAME',
  ),
  dropout: number('Dropout of the embeddings and after each sublayer. Default: 0.1'),
  attentionDropout: number('Dropout of the attention probabilities. Default: 0'),
  activationDropout: number('Dropout after the activation. Default: 0'),
  maxPositionEmbeddings: number('The longest text the model can hold. Default: --max-length'),
  positions: text(
    'Position embeddings: learned or sinusoidal. Default: learned; marian sinusoidal',
    'NAME',
  ),
  scaleEmbedding: boolean(
    'Multiply the token embeddings by the square root of --hidden-size. Default: false',
  ),
  layernormEmbedding: boolean('Layer norm of the embeddings. Default: false; bart true'),
  normalizeFirst: boolean('transformer only: layer norm before each sublayer. Default: after it'),
  shareEncoderDecoderEmbeddings: boolean(
    'One table of embeddings for encoder and decoder. Default: true',
  ),
  tieWordEmbeddings: boolean("Compute the logits with the decoder's embeddings. Default: true"),
  layerNormEps: number('transformer only: epsilon of the layer norms. Default: 1e-5'),
  initStd: number(
    'Standard deviation of the initial weights. Default: as in Keras; bart and marian 0.02',
  ),
};

const lengthOptions = {
  maxLength: number('Longer texts, of both sides, are cut to this many tokens. Default: 128'),
};

async function readTranslations(path: string, values: Values<typeof pairOptions>, output: Output) {
  const { format, delimiter, sourceColumn, targetColumn } = values;
  const source = await openData(path, format, 'jsonl');
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
    { type: 'byte-level-bpe', vocabSize: DEFAULT_VOCABULARY },
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

const train = (run: TrainingRun) =>
  trainModel(run, {
    create: () => Translator.create(createOptions(run.values)),
    load: (model, options) => Translator.load(model, options),
    read: (path) => readTranslations(path, run.values, run.output),
  });

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
  dataOptions: pairOptions,
  createOptions: {
    'Vocabulary of translation': { ...lengthOptions, ...tokenizerOptions },
    'Model of translation': modelOptions,
  },
  predictOptions: searchFlags,
  evaluateOptions: searchFlags,
  train,
  async load(model, signal, onProgress) {
    const options = { signal, ...(onProgress && { onProgress }) };
    return new LoadedTranslator(await Translator.load(model, options));
  },
};
