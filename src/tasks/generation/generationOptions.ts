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
 * A function that decides after each new token whether the text is finished.
 *
 * @param ids the token ids of the prompt, followed by the generated ones.
 * @param context `promptLength` is the number of ids that belong to the prompt.
 * @returns true to end the text here.
 * @see https://huggingface.co/docs/transformers/internal/generation_utils#transformers.StoppingCriteria
 */
export type StoppingCriterion = (
  ids: readonly number[],
  context: { readonly promptLength: number },
) => boolean;

/**
 * The options of text generation: Hugging Face's GenerationConfig in camelCase, with its defaults.
 *
 * - By default the most likely token is chosen at each step (greedy search).
 * - `doSample: true` draws each token at random, by its probability.
 * - `numBeams` above 1 searches for the most likely sequence (beam search).
 * - Both together draw the tokens of each beam at random.
 *
 * @see https://huggingface.co/docs/transformers/main_classes/text_generation#transformers.GenerationConfig
 */
export interface GenerationOptions {
  /** The maximum number of tokens to generate, without the prompt. Default: 100. */
  maxNewTokens?: number;
  /**
   * The minimum number of tokens to generate. The text cannot end before that. At most
   * `maxNewTokens`. Default: 0.
   */
  minNewTokens?: number;
  /**
   * Whether to draw the next token at random, by its probability, instead of choosing the most
   * likely one. Set it for varied texts. Default: false.
   */
  doSample?: boolean;
  /**
   * Divides the logits before sampling. Below 1 makes the text more predictable, above 1 more
   * varied. Above 0; needs `doSample`. Default: 1.
   */
  temperature?: number;
  /** Samples only from the `topK` most likely tokens; 0 = from all. Needs `doSample`. Default: 50. */
  topK?: number;
  /**
   * Samples only from the smallest set of most likely tokens whose probabilities add up to `topP`
   * (nucleus sampling). Above 0, at most 1; needs `doSample`. Default: 1, all tokens.
   */
  topP?: number;
  /**
   * Samples only from tokens whose probability is at least `minP` times that of the most likely
   * token. From 0 to 1; needs `doSample`. Default: 0, all tokens.
   */
  minP?: number;
  /**
   * Samples only from the most typical tokens, those whose information content is closest to the
   * entropy, until their probabilities add up to `typicalP`. Above 0, at most 1; needs `doSample`.
   * Default: 1, all tokens. See https://arxiv.org/abs/2202.00666.
   */
  typicalP?: number;
  /**
   * Makes tokens that are already in the prompt or the text less likely when above 1, more likely
   * when below. Try 1.1 to 1.3 for texts that repeat themselves. Above 0. Default: 1, no effect.
   */
  repetitionPenalty?: number;
  /** No sequence of this many tokens occurs twice; 0 = no limit. Default: 0. */
  noRepeatNgramSize?: number;
  /** Words that must not occur in the text, each as a list of token ids. Default: none. */
  badWordsIds?: readonly (readonly number[])[];
  /**
   * The text ends as soon as it contains one of these strings. The string stays in the text, with
   * the token that completed it. Default: none.
   */
  stopStrings?: string | readonly string[];
  /** The token id, or ids, that end the text. Default: that of the model. */
  eosTokenId?: number | readonly number[];
  /** The token id that the generated text must start with. Default: none. */
  forcedBosTokenId?: number;
  /** The token id to end a text with when it reaches `maxNewTokens`. Default: none. */
  forcedEosTokenId?: number;
  /**
   * The number of beams of beam search; 1 = no beam search. More beams find likelier texts and take
   * longer. Default: 1.
   */
  numBeams?: number;
  /**
   * Beams are compared by their log-probability / length^lengthPenalty: above 0 favors longer texts,
   * below 0 shorter ones. Needs `numBeams` above 1. Default: 1.
   */
  lengthPenalty?: number;
  /**
   * When beam search stops: `true` = as soon as `numBeams` texts are finished; `false` = when a better
   * one is unlikely; `'never'` = only when there cannot be a better one. Needs `numBeams` above 1.
   * Default: false.
   */
  earlyStopping?: boolean | 'never';
  /**
   * The number of texts to return for each prompt. Above 1 needs `doSample`, or at least as many
   * `numBeams`. Default: 1.
   */
  numReturnSequences?: number;
  /**
   * Seed of the sampling, an integer. The same seed gives the same text in every runtime. Needs
   * `doSample`. Default: a new one at each call.
   */
  seed?: number;
  /**
   * Your own functions that change the logits. They run after the built-in penalties and limits, and
   * before temperature and the other sampling options. Default: none.
   */
  logitsProcessors?: readonly LogitsProcessor[];
  /** Your own functions that end a text; it ends when one of them returns true. Default: none. */
  stoppingCriteria?: readonly StoppingCriterion[];
  /** Stops the generation with the error `ABORTED`. */
  signal?: AbortSignal;
  /** Called as the generation advances. */
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

/** The names of the generation options, for a task that adds its own. */
export const generationOptionNames = Object.keys(entries) as (keyof GenerationOptions)[];

/** The options that hold functions which run at every token and return synchronously. */
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
 * Checks the generation options, alone and in combination.
 *
 * @param defaults the model's own, such as those of its generation_config.json; `options` override them.
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
