import * as v from 'valibot';
import { AnyformerError, show } from '../../core/errors.ts';
import { parseOptions, positiveInteger, positiveNumber } from '../../core/options.ts';

/** Lengths of n-grams from the first to the second, both included; [0, 0] = none. */
export type NgramRange = readonly [from: number, to: number];

/** The options of the linear n-gram model (NB-SVM): which features it uses. */
export interface NgramsOptions {
  /** Selects this model. */
  type: 'ngrams';
  /** The shortest and the longest n-gram of words. Default: [1, 3]. */
  wordNgrams?: NgramRange;
  /**
   * The shortest and the longest n-gram of characters inside a word. Default: [2, 5], or none if the
   * texts have more than 8 million characters in total, because words are enough there and n-grams
   * of characters would take most of the time.
   */
  characterNgrams?: NgramRange;
  /**
   * The number of training texts that a feature must occur in. Default: 1, or 2 if there would be more
   * than 500,000 features, or more than 1,000 in a text on average.
   */
  minFrequency?: number;
  /** The maximum number of features; the most frequent ones are kept. Default: 1,000,000. */
  maxFeatures?: number;
  /** Whether to convert the texts to lower case. Default: true. */
  lowercase?: boolean;
  /**
   * The inverse of the regularization strength, as in scikit-learn's LinearSVC: lower it against
   * overfitting. Default: the best of 0.1, 0.3, 1 and 3 on held-out rows.
   */
  C?: number;
}

/** {@link NgramsOptions} checked and complete. */
export interface NgramsConfig {
  readonly wordNgrams: NgramRange;
  readonly characterNgrams: NgramRange | undefined;
  readonly minFrequency: number | undefined;
  readonly maxFeatures: number;
  readonly lowercase: boolean;
  readonly C: number | undefined;
}

const LONGEST = 8;

const range = v.custom<NgramRange>(
  (x) =>
    Array.isArray(x) &&
    x.length === 2 &&
    x.every(Number.isInteger) &&
    ((x[0] >= 1 && x[0] <= x[1] && x[1] <= LONGEST) || (x[0] === 0 && x[1] === 0)),
  `two lengths [from, to] between 1 and ${LONGEST}, or [0, 0] for none`,
);

const schema = v.strictObject({
  type: v.literal('ngrams', "'ngrams'"),
  wordNgrams: v.optional(range, [1, 3]),
  characterNgrams: v.optional(range),
  minFrequency: v.optional(positiveInteger),
  maxFeatures: v.optional(positiveInteger, 1_000_000),
  lowercase: v.optional(v.boolean('true or false'), true),
  C: v.optional(positiveNumber),
});

/**
 * Checks the options of an n-gram model and fills in its defaults.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 */
export function parseNgramsConfig(options: NgramsOptions, where = 'encoder'): NgramsConfig {
  const {
    type: _,
    minFrequency,
    C,
    characterNgrams,
    ...rest
  } = parseOptions(where, schema, options);
  if (rest.wordNgrams[1] === 0 && characterNgrams?.[1] === 0) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${where}: wordNgrams and characterNgrams are both ${show([0, 0])}, which leaves no features; give one of them a range such as [1, 2].`,
    );
  }
  return { ...rest, characterNgrams, minFrequency, C };
}

const MANY_CHARACTERS = 8_000_000;

/** The n-grams of characters that are used where the options name none. */
export function characterNgramsFor(config: NgramsConfig, characters: number): NgramRange {
  if (config.characterNgrams) return config.characterNgrams;
  return characters > MANY_CHARACTERS && config.wordNgrams[1] > 0 ? [0, 0] : [2, 5];
}
