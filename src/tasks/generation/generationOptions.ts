import * as v from 'valibot';
import { AnyformerError, show } from '../../core/errors.ts';
import {
  abortSignal,
  callback,
  integer,
  nonNegativeInteger,
  parseOptions,
  positiveInteger,
  positiveNumber,
} from '../../core/options.ts';
import type { OnProgress } from '../../core/progress.ts';
import type { LogitsProcessor } from './logitsProcessor.ts';

/**
 * Says when a text is finished, after each of its tokens.
 *
 * @param ids the prompt and what has been generated.
 */
export type StoppingCriterion = (
  ids: readonly number[],
  context: { readonly promptLength: number },
) => boolean;

/**
 * How to write on: Hugging Face's GenerationConfig in camelCase, with its defaults.
 *
 * Without `doSample` and `numBeams` it is the likeliest token every time; with `numBeams` the
 * likeliest sequence that so many beams find; with both, beams that are drawn.
 */
export interface GenerationOptions {
  /** The most tokens after the prompt. Default: 100. */
  maxNewTokens?: number;
  /** No end before so many. Default: 0. */
  minNewTokens?: number;
  /** Draws the next token by its probability. Default: false. */
  doSample?: boolean;
  /** Scores are divided by it; only with `doSample`, as the next four. Above 0. Default: 1. */
  temperature?: number;
  /** Draws among so many likeliest tokens; 0 = all. Default: 50. */
  topK?: number;
  /** Draws among the likeliest tokens that together have this probability. In (0, 1]. Default: 1. */
  topP?: number;
  /** Draws among tokens at least so many times as likely as the likeliest. In [0, 1]. Default: 0. */
  minP?: number;
  /** Draws among tokens of expected surprise with this probability. In (0, 1]. Default: 1. */
  typicalP?: number;
  /** Above 1, what has occurred becomes less likely. Default: 1. */
  repetitionPenalty?: number;
  /** So many tokens in a row occur once; 0 = no limit. Default: 0. */
  noRepeatNgramSize?: number;
  /** Token ids of words that must not occur. */
  badWordsIds?: readonly (readonly number[])[];
  /** The text ends after one of these; it keeps the token that completes it. */
  stopStrings?: string | readonly string[];
  /** The text ends with it, or with one of several. Default: the model's. */
  eosTokenId?: number | readonly number[];
  /** The first token after the prompt. */
  forcedBosTokenId?: number;
  /** The token that takes the last place, where the text is as long as it may be. */
  forcedEosTokenId?: number;
  /** How many sequences are followed. Default: 1. */
  numBeams?: number;
  /** Beams are compared by log-probability / length^lengthPenalty. Default: 1. */
  lengthPenalty?: number;
  /**
   * When beams are given up: true = there are `numBeams` finished ones; false = none is likely to
   * beat them; 'never' = none can. Default: false.
   */
  earlyStopping?: boolean | 'never';
  /** How many texts for each prompt: drawn ones, or the best beams. Default: 1. */
  numReturnSequences?: number;
  /** The same seed draws the same texts, in every runtime. Default: another one every time. */
  seed?: number;
  /** Your own changes to the scores, after the others and before those of sampling. */
  logitsProcessors?: readonly LogitsProcessor[];
  /** Your own ends. */
  stoppingCriteria?: readonly StoppingCriterion[];
  signal?: AbortSignal;
  onProgress?: OnProgress;
}

const share = (text: string, accepts: (x: number) => boolean) =>
  v.pipe(v.number(text), v.check(accepts, text));
const aboveZero = share('a number above 0 and at most 1', (x) => x > 0 && x <= 1);
const tokenIds = v.array(nonNegativeInteger);
const WORDS = 'lists of token ids, none of them empty';
const STRINGS = 'a string or a list of them, none of them empty';
const isNotEmpty = ({ length }: { readonly length: number }) => length > 0;

const entries = {
  maxNewTokens: v.optional(positiveInteger, 100),
  minNewTokens: v.optional(nonNegativeInteger, 0),
  doSample: v.optional(v.boolean('true or false'), false),
  temperature: v.optional(positiveNumber, 1),
  topK: v.optional(nonNegativeInteger, 50),
  topP: v.optional(aboveZero, 1),
  minP: v.optional(
    share('a number from 0 to 1', (x) => x >= 0 && x <= 1),
    0,
  ),
  typicalP: v.optional(aboveZero, 1),
  repetitionPenalty: v.optional(positiveNumber, 1),
  noRepeatNgramSize: v.optional(nonNegativeInteger, 0),
  badWordsIds: v.optional(
    v.pipe(
      v.custom<number[][]>((x) => v.is(v.array(tokenIds), x), WORDS),
      v.check((words) => words.every(isNotEmpty), WORDS),
    ),
  ),
  stopStrings: v.optional(
    v.pipe(
      v.union([v.string(), v.array(v.string())], STRINGS),
      // An empty one would stand at the end of every text.
      v.check((strings) => [strings].flat().every(isNotEmpty), STRINGS),
    ),
  ),
  eosTokenId: v.optional(v.union([nonNegativeInteger, tokenIds], 'a token id or a list of them')),
  forcedBosTokenId: v.optional(nonNegativeInteger),
  forcedEosTokenId: v.optional(nonNegativeInteger),
  numBeams: v.optional(positiveInteger, 1),
  lengthPenalty: v.optional(v.pipe(v.number('a finite number'), v.finite('a finite number')), 1),
  earlyStopping: v.optional(
    v.union([v.boolean(), v.literal('never')], "true, false or 'never'"),
    false,
  ),
  numReturnSequences: v.optional(positiveInteger, 1),
  seed: v.optional(integer),
  logitsProcessors: v.optional(
    v.array(callback<LogitsProcessor>(), 'a list of functions'),
    () => [],
  ),
  stoppingCriteria: v.optional(
    v.array(callback<StoppingCriterion>(), 'a list of functions'),
    () => [],
  ),
  signal: v.optional(abortSignal),
  onProgress: v.optional(callback<OnProgress>()),
};

const schema = v.strictObject(entries);

/** The names of the options, for those who add some. */
export const generationOptionNames = Object.keys(entries) as (keyof GenerationOptions)[];

/** Options with functions that are called at every token and answer at once. */
export const SYNCHRONOUS = ['logitsProcessors', 'stoppingCriteria'] as const;

export type ParsedGeneration = Omit<
  v.InferOutput<typeof schema>,
  'eosTokenId' | 'seed' | 'stopStrings'
> & {
  readonly eosTokenId: readonly number[];
  readonly seed: number;
  readonly stopStrings: readonly string[];
};

const SAMPLING = ['temperature', 'topK', 'topP', 'minP', 'typicalP', 'seed'] as const;
const BEAMS = ['lengthPenalty', 'earlyStopping'] as const;

/**
 * Checks the options, and what does not go together.
 *
 * @param defaults of the model, such as those of its generation_config.json; options come before them.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 */
export function parseGeneration(
  where: string,
  options: GenerationOptions,
  defaults: GenerationOptions,
  vocabSize: number,
): ParsedGeneration {
  // What was asked for in so many words has to have an effect; a default may go without one.
  const given = Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as GenerationOptions;
  checkTokens(where, parseOptions(where, schema, given), vocabSize);
  // What is wrong now is not what was asked for but what it was to be completed by.
  const byModel = `${where}: the model's generation_config.json`;
  const parsed = parseOptions(byModel, schema, { ...defaults, ...given });
  checkTokens(byModel, parsed, vocabSize);
  checkTogether(where, given, parsed);
  return {
    ...parsed,
    eosTokenId: [parsed.eosTokenId ?? []].flat(),
    stopStrings: [parsed.stopStrings ?? []].flat(),
    seed: parsed.seed ?? Math.floor(Math.random() * 2 ** 31),
  };
}

function checkTogether(
  where: string,
  given: GenerationOptions,
  {
    doSample,
    numBeams,
    numReturnSequences,
    minNewTokens,
    maxNewTokens,
  }: v.InferOutput<typeof schema>,
): void {
  const refuse = (message: string) =>
    new AnyformerError('INVALID_ARGUMENT', `${where}: ${message}`);
  for (const name of SAMPLING) {
    if (doSample || given[name] === undefined) continue;
    throw refuse(
      `${name} ${show(given[name])} says how to draw, and nothing is drawn; add doSample: true, or leave it out.`,
    );
  }
  for (const name of BEAMS) {
    if (numBeams > 1 || given[name] === undefined) continue;
    throw refuse(
      `${name} ${show(given[name])} compares beams and there is one; set numBeams above 1, or leave it out.`,
    );
  }
  if (minNewTokens > maxNewTokens) {
    throw refuse(`minNewTokens ${minNewTokens} is above maxNewTokens ${maxNewTokens}.`);
  }
  if (numReturnSequences === 1) return;
  if (numBeams === 1 && !doSample) {
    throw refuse(
      `numReturnSequences ${numReturnSequences} would be the same text so many times; add doSample: true, or numBeams of at least ${numReturnSequences}.`,
    );
  }
  if (numBeams > 1 && numReturnSequences > numBeams) {
    throw refuse(
      `numReturnSequences ${numReturnSequences} is more than the numBeams ${numBeams} that are followed; use at most that.`,
    );
  }
}

function checkTokens(
  where: string,
  {
    badWordsIds = [],
    eosTokenId,
    forcedBosTokenId,
    forcedEosTokenId,
  }: v.InferOutput<typeof schema>,
  vocabSize: number,
): void {
  const all = { badWordsIds: badWordsIds.flat(), eosTokenId, forcedBosTokenId, forcedEosTokenId };
  for (const [name, ids] of Object.entries(all)) {
    for (const id of [ids ?? []].flat()) {
      if (id < vocabSize) continue;
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `${where}: ${name} has the token ${id}; tokens of this model go from 0 to ${vocabSize - 1}.`,
      );
    }
  }
}
