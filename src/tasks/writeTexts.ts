import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { parseOptions, positiveInteger } from '../core/options.ts';
import type { Tokenizer } from '../tokenizers/index.ts';
import { decodingOf } from './generation/decoding.ts';
import type { GeneratedSequence } from './generation/generatedSequence.ts';
import { generateTokens, rowsOf } from './generation/generateTokens.ts';
import { type GenerationOptions, parseGeneration } from './generation/generationOptions.ts';
import { IncrementalText, textOf } from './generation/incrementalText.ts';
import { sampleSearch } from './generation/sampleSearch.ts';
import { SearchContext } from './generation/searchContext.ts';
import { stopAfterStrings } from './generation/stopStrings.ts';
import { type GeneratorParts, generationDefaults } from './textGeneratorFiles.ts';

/** A generated text with its tokens. */
export interface GeneratedText extends GeneratedSequence {
  /** The generated text, without the prompt. */
  readonly text: string;
}

const batchSchema = v.strictObject({ batchSize: v.optional(positiveInteger, 16) });

/** The texts for each prompt, `batchSize` prompts at a time. */
export async function writeTexts(
  parts: GeneratorParts,
  prompts: readonly string[],
  { batchSize, ...options }: GenerationOptions & { batchSize?: number },
  where: string,
  checkAlive: () => void,
): Promise<GeneratedText[][]> {
  const { batchSize: size } = parseOptions(where, batchSchema, { batchSize });
  const { model, tokenizer } = parts;
  const context = contextOf(parts, options, where, checkAlive);
  const encoded = prompts.map((prompt, i) => encodePrompt(parts, prompt, `${where}: prompt ${i}`));
  const results: GeneratedText[][] = [];
  for (let first = 0; first < encoded.length; first += size) {
    const rows = encoded.slice(first, first + size);
    const cache = model.createCache({
      batchSize: rowsOf(rows.length, context.options),
      maxLength: roomOf(parts, rows, context),
    });
    const decoding = decodingOf(model, cache, model.config.vocabSize);
    const found = await generateTokens(decoding, rows, context).finally(() => cache.dispose());
    found.forEach((sequences, row) => {
      const texts = sequences.map((sequence) => ({
        text: textOf(tokenizer, sequence.tokenIds, rows[row]),
        ...sequence,
      }));
      results.push(texts);
    });
  }
  return results;
}

/** Yields the pieces of one text as they are generated. */
export async function* streamText(
  parts: GeneratorParts,
  prompt: string,
  options: GenerationOptions,
  where: string,
  checkAlive: () => void,
): AsyncGenerator<string, void, undefined> {
  const { model, tokenizer } = parts;
  const context = contextOf(parts, options, where, checkAlive);
  const { numBeams, numReturnSequences } = context.options;
  if (numBeams > 1 || numReturnSequences > 1) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where} gives one text while it comes; with numBeams ${numBeams} and numReturnSequences ${numReturnSequences} use generate.`,
    );
  }
  const ids = encodePrompt(parts, prompt, `${where}: the prompt`);
  const text = new IncrementalText(tokenizer, ids);
  const cache = model.createCache({ maxLength: roomOf(parts, [ids], context) });
  const decoding = decodingOf(model, cache, model.config.vocabSize);
  try {
    for await (const { id } of sampleSearch(decoding, [ids], context)) {
      const piece = text.push(id);
      if (piece !== '') yield piece;
    }
  } finally {
    cache.dispose();
  }
  const rest = text.flush();
  if (rest !== '') yield rest;
}

function contextOf(
  parts: GeneratorParts,
  options: GenerationOptions,
  where: string,
  checkAlive: () => void,
): SearchContext {
  const { vocabSize } = parts.model.config;
  const parsed = parseGeneration(where, options, generationDefaults(parts), vocabSize);
  const { stopStrings, stoppingCriteria } = parsed;
  const stops = stopStrings.length > 0 ? [stopAfterStrings(parts.tokenizer, stopStrings)] : [];
  return new SearchContext(parsed, [...stops, ...stoppingCriteria], checkAlive);
}

/** Tokens a row takes at most; what is written beyond the context makes it forget. */
function roomOf(
  { model }: GeneratorParts,
  rows: readonly (readonly number[])[],
  { options }: SearchContext,
): number {
  const longest = Math.max(...rows.map(({ length }) => length));
  return Math.min(model.config.maxPositionEmbeddings, longest + options.maxNewTokens);
}

function encodePrompt(
  { model, tokenizer }: GeneratorParts,
  prompt: unknown,
  name: string,
): readonly number[] {
  if (typeof prompt !== 'string') {
    throw new AnyformerError('INVALID_DATA', `${name} is ${show(prompt)}, not a string.`);
  }
  const ids = withoutEnd(tokenizer.encode(prompt).ids, tokenizer);
  const { maxPositionEmbeddings: most, bosTokenId } = model.config;
  if (ids.length > most) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${name} has ${ids.length} tokens and the model's context ${most}; shorten it, for example to its end.`,
    );
  }
  if (ids.length > 0) return ids;
  const first = tokenizer.bosTokenId ?? bosTokenId ?? tokenizer.eosTokenId;
  if (first !== undefined) return [first];
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${name} is empty, and the tokenizer has no token that a text begins with; give at least one character.`,
  );
}

/** A tokenizer may end every text, and nothing is to follow an end. */
function withoutEnd(
  ids: readonly number[],
  { eosTokenId, bosTokenId }: Tokenizer,
): readonly number[] {
  const isEnd = ids.length > 1 && ids.at(-1) === eosTokenId && eosTokenId !== bosTokenId;
  return isEnd ? ids.slice(0, -1) : ids;
}
