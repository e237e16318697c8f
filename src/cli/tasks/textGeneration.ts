import { AnyformerError } from '../../core/errors.ts';
import type { RowProblem } from '../../data/table.ts';
import { TextGenerator } from '../../tasks/textGenerator.ts';
import type { TextGeneratorOptions } from '../../tasks/textGeneratorOptions.ts';
import { problemsNote, tableOptions } from '../dataOptions.ts';
import { openData } from '../dataSource.ts';
import { boolean, named, number, type Options, pick, text, type Values } from '../options.ts';
import type { Output } from '../output.ts';
import { openTexts } from '../readTexts.ts';
import { tokenizerOf } from '../tokenizerOf.ts';
import type { Asked, LoadedModel, Prediction, Task, TrainingRun } from './task.ts';
import { trainModel } from './trainModel.ts';

const DEFAULT_VOCABULARY = 2000;

const tokenizerOptions = {
  tokenizerType: named(
    'tokenizer.type',
    text('How texts become tokens: byte-level-bpe or characters. Default: byte-level-bpe', 'NAME'),
  ),
  vocabSize: number(`The most entries of the vocabulary. Default: ${DEFAULT_VOCABULARY}`),
  minFrequency: number('How often a pair of tokens must occur to become one token. Default: 2'),
};

const decoderOptions = {
  decoderType: named(
    'decoder.type',
    text('The kind of model: gpt2 or llama. Default: gpt2', 'NAME'),
  ),
  hiddenSize: number('Width of the hidden states. Default: 128'),
  numHiddenLayers: number('Number of Transformer blocks. Default: 4'),
  numAttentionHeads: number('Attention heads in each block. Default: 4'),
  numKeyValueHeads: number('Heads of keys and values. Default: --num-attention-heads'),
  headDim: number('Width of a head. Default: --hidden-size / --num-attention-heads'),
  intermediateSize: number('Width of the feed-forward layers. Default: 4 times --hidden-size'),
  hiddenAct: text('Activation of the feed-forward layers. Default: gelu_new; llama silu', 'NAME'),
  maxPositionEmbeddings: number('Length of the context, in tokens. Default: 128'),
  normEps: number('Epsilon of the norms. Default: 1e-5; llama 1e-6'),
  initializerRange: number('Standard deviation of the initial weights. Default: 0.02'),
  tieWordEmbeddings: boolean(
    'Compute the logits with the token embeddings. Default: true; llama false',
  ),
  ropeTheta: number('llama only: base of the rotary embeddings. Default: 10000'),
  attentionBias: boolean('Biases in the attention layers. Default: true; llama false'),
  mlpBias: boolean('Biases in the feed-forward layers. Default: true; llama false'),
  dropout: number('Sets the three dropout rates below. Default: 0.1; llama 0'),
  embeddingDropout: number('Dropout of the embeddings. Default: --dropout'),
  residualDropout: number('Dropout after each sublayer. Default: --dropout'),
  attentionDropout: number('Dropout of the attention probabilities. Default: --dropout'),
};

/** The whole of a txt, the texts of a table. */
async function readCorpus(
  path: string,
  values: Values<typeof tableOptions>,
  output: Output,
): Promise<string[]> {
  const source = await openData(path, values.format, 'txt');
  if (source.format === 'txt') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.bytes) chunks.push(chunk);
    return [new TextDecoder().decode(Buffer.concat(chunks))];
  }
  const problems: RowProblem[] = [];
  const texts: string[] = [];
  const open = await openTexts(path, values);
  for await (const row of open(problems)) texts.push(row.text);
  if (problems.length > 0) output.note(problemsNote(source.name, problems));
  return texts;
}

function createOptions(values: Values<Options>): TextGeneratorOptions {
  const tokenizer = tokenizerOf<NonNullable<TextGeneratorOptions['tokenizer']>>(
    values,
    tokenizerOptions,
    { type: 'byte-level-bpe', vocabSize: DEFAULT_VOCABULARY },
  );
  const { decoderType, ...decoder } = pick(values, decoderOptions);
  const { seed } = values as { seed?: number };
  return {
    ...(tokenizer && { tokenizer }),
    decoder: { ...decoder, ...(decoderType && { type: decoderType }) } as NonNullable<
      TextGeneratorOptions['decoder']
    >,
    ...(seed !== undefined && { seed }),
  };
}

const train = (run: TrainingRun) =>
  trainModel(run, {
    create: () => TextGenerator.create(createOptions(run.values)),
    load: (model, options) => TextGenerator.load(model, options),
    read: (path) => readCorpus(path, run.values, run.output),
  });

/** A trained generator behind the commands. */
class LoadedGenerator implements LoadedModel {
  constructor(private readonly generator: TextGenerator) {}

  async predict(): Promise<Prediction[]> {
    throw new AnyformerError(
      'UNSUPPORTED',
      'This model continues texts and has nothing to predict; use: anyformer generate.',
    );
  }

  async evaluate(data: string, { values, output, signal }: Asked): Promise<Prediction> {
    const { onProgress } = output;
    const { batchSize } = values as { batchSize?: number };
    const { warnings: _, ...report } = await this.generator.evaluate(
      await readCorpus(data, values, output),
      {
        signal,
        ...(batchSize !== undefined && { batchSize }),
        ...(onProgress && { onProgress }),
      },
    );
    const { loss, perplexity, tokens } = report;
    const plain = `tokens      ${tokens}\nloss        ${loss.toFixed(4)}\nperplexity  ${perplexity.toFixed(4)}`;
    return { json: report, plain };
  }

  dispose(): void {
    this.generator.dispose();
  }
}

/** Continues a text. */
export const textGeneration: Task = {
  name: 'text-generation',
  architecture: /(LMHeadModel|ForCausalLM)$/,
  dataOptions: tableOptions,
  createOptions: {
    'Vocabulary of text-generation': tokenizerOptions,
    'Model of text-generation': decoderOptions,
  },
  predictOptions: {},
  evaluateOptions: {},
  train,
  async load(model, signal, onProgress) {
    const options = { signal, ...(onProgress && { onProgress }) };
    return new LoadedGenerator(await TextGenerator.load(model, options));
  },
};
