import { AnyformerError } from '../../core/errors.ts';
import type { RowProblem } from '../../data/table.ts';
import { TextGenerator } from '../../tasks/textGenerator.ts';
import type {
  TextGeneratorOptions,
  TextGeneratorTrainingOptions,
} from '../../tasks/textGeneratorOptions.ts';
import { problemsNote, tableOptions } from '../dataOptions.ts';
import { openData } from '../dataSource.ts';
import { boolean, number, type Options, pick, text, type Values } from '../options.ts';
import type { Output } from '../output.ts';
import { openTexts } from '../readTexts.ts';
import { tokenizerOf } from '../tokenizerOf.ts';
import { trainingFlags } from '../trainingFlags.ts';
import type { Asked, LoadedModel, Prediction, Task, TrainingRun } from './task.ts';

const DEFAULT_VOCABULARY = 2000;

const tokenizerOptions = {
  tokenizerType: text('byte-level-bpe or characters. Default: byte-level-bpe', 'NAME'),
  vocabSize: number(`Entries of the vocabulary. Default: ${DEFAULT_VOCABULARY}`),
  minFrequency: number('How often a pair of tokens must occur to become one. Default: 2'),
};

const decoderOptions = {
  decoderType: text('gpt2 or llama. Default: gpt2', 'NAME'),
  hiddenSize: number('Width of the hidden states. Default: 128'),
  numHiddenLayers: number('Blocks. Default: 4'),
  numAttentionHeads: number('Default: 4'),
  numKeyValueHeads: number('Heads of keys and values. Default: --num-attention-heads'),
  headDim: number('Width of a head. Default: the hidden size over the heads'),
  intermediateSize: number('Width of the feed-forward part. Default: 4 times the hidden size'),
  hiddenAct: text('Its activation. Default: gelu_new; llama silu', 'NAME'),
  maxPositionEmbeddings: number('The context, in tokens. Default: 128'),
  normEps: number('Default: 1e-5; llama 1e-6'),
  initializerRange: number('Deviation of the first weights. Default: 0.02'),
  tieWordEmbeddings: boolean('Logits by the token embeddings. Default: true; llama false'),
  ropeTheta: number('Of llama: the slowest rotation. Default: 10000'),
  attentionBias: boolean('Default: true; llama false'),
  mlpBias: boolean('Default: true; llama false'),
  dropout: number('The three rates below at once. Default: 0.1; llama 0'),
  embeddingDropout: number('Of the embeddings'),
  residualDropout: number('Of the output of each part'),
  attentionDropout: number('Of the attention probabilities'),
};

/** The whole of a txt, the texts of a table. */
async function readCorpus(
  path: string,
  values: Values<typeof tableOptions>,
  output: Output,
): Promise<string[]> {
  const source = openData(path, values.format, 'txt');
  if (source.format === 'txt') {
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.bytes) chunks.push(chunk);
    return [new TextDecoder().decode(Buffer.concat(chunks))];
  }
  const problems: RowProblem[] = [];
  const texts: string[] = [];
  for await (const row of openTexts(path, values)(problems)) texts.push(row.text);
  if (problems.length > 0) output.note(problemsNote(source.name, problems));
  return texts;
}

function createOptions(values: Values<Options>): TextGeneratorOptions {
  const tokenizer = tokenizerOf<NonNullable<TextGeneratorOptions['tokenizer']>>(
    values,
    tokenizerOptions,
    DEFAULT_VOCABULARY,
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

async function train(run: TrainingRun) {
  const { values, output, signal, onProgress, folder, resume, validationData } = run;
  const generator = await TextGenerator.create(createOptions(values));
  try {
    const corpus = await readCorpus(run.data, values, output);
    const held = validationData && (await readCorpus(validationData, values, output));
    const { validationSplit } = values as { validationSplit?: number };
    const result = await generator.train(corpus, {
      ...(pick(values, trainingFlags) as TextGeneratorTrainingOptions),
      ...(held && { validationData: held }),
      ...(validationSplit !== undefined && { validationSplit }),
      ...(onProgress && { onProgress }),
      signal,
      outputDir: folder,
      resumeFromCheckpoint: resume,
    });
    await generator.save(folder);
    return result;
  } finally {
    generator.dispose();
  }
}

/** A trained generator behind the commands. */
class LoadedGenerator implements LoadedModel {
  constructor(private readonly generator: TextGenerator) {}

  async predict(): Promise<Prediction[]> {
    throw new AnyformerError(
      'UNSUPPORTED',
      'This model writes texts on and has nothing to predict; use: anyformer generate.',
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

/** What follows a text. */
export const textGeneration: Task = {
  name: 'text-generation',
  architecture: /(LMHeadModel|ForCausalLM)$/,
  trainOptions: {
    'Columns of text-generation': tableOptions,
    'Vocabulary of text-generation': tokenizerOptions,
    'Model of text-generation': decoderOptions,
  },
  predictOptions: {},
  evaluateOptions: tableOptions,
  train,
  async load(model, signal, onProgress) {
    const options = { signal, ...(onProgress && { onProgress }) };
    return new LoadedGenerator(await TextGenerator.load(model, options));
  },
};
