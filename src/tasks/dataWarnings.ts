import { show } from '../core/errors.ts';
import type { TrainingWarning } from '../core/warnings.ts';
import { conflictingLabels, rareLabels, repeatedIn } from '../data/inspectExamples.ts';
import { isMultiLabel, type TextExample } from '../data/labels.ts';
import type { TrainingOptions } from '../train/trainingOptions.ts';

/** Below this, held-out data has about one row of a label at the usual split of a tenth. */
const FEWEST_OF_LABEL = 8;
const FEWEST_IN_ALL = 20;
/** A mean loss this many times that of guessing means that the training went wrong. */
const DIVERGED = 3;
/** Rare labels that a message names; of more it gives the number. */
const NAMED = 3;

export interface DataToCheck {
  /** What the model trains on; before the split, when validation data is split from it. */
  readonly examples: readonly TextExample[];
  readonly labels: readonly string[];
  /** Validation data of its own, when there is some. */
  readonly validationData?: readonly TextExample[] | undefined;
}

/**
 * What a person should know about training data before the training: too few rows, the same text
 * under different labels, validation data that repeats training texts.
 *
 * @returns the warnings, with at most one for each kind of finding; none for sound data.
 *
 * @example
 * for (const { message } of dataWarnings({ examples, labels })) console.warn(message);
 */
export function dataWarnings({ examples, labels, validationData }: DataToCheck): TrainingWarning[] {
  const found: [TrainingWarning['code'], string | undefined][] = [
    ['FEW_EXAMPLES', fewInAll(examples)],
    ['FEW_EXAMPLES', fewOfLabels(examples, labels)],
    ['CONFLICTING_LABELS', conflicts(examples)],
    ['HELD_OUT_REPEATS', validationData && heldOutRepeats(examples, validationData)],
  ];
  return found.flatMap(([code, message]) => (message === undefined ? [] : [{ code, message }]));
}

/** A held-out accuracy, and what it is compared with. All numbers are shares, from 0 to 1. */
export interface HeldOutAccuracy {
  readonly accuracy: number;
  /** The confidence interval of `accuracy`. */
  readonly accuracyInterval: readonly [low: number, high: number];
  /** The most frequent label, and the accuracy of always answering it on the same rows. */
  readonly majority: { readonly label: string; readonly accuracy: number };
}

/**
 * Warns when held-out rows do not show that a model is better than always answering the most
 * frequent label: when the lower end of the accuracy's interval is not above that answer's accuracy.
 *
 * @example
 * guessingWarning({
 *   accuracy: 0.36,
 *   accuracyInterval: wilsonInterval(126, 350),
 *   majority: { label: 'billing', accuracy: 0.35 },
 * })?.code; // 'NO_BETTER_THAN_GUESSING'
 */
export function guessingWarning({
  accuracy,
  accuracyInterval: [low, high],
  majority,
}: HeldOutAccuracy): TrainingWarning | undefined {
  if (low > majority.accuracy) return undefined;
  const [right, lowest, highest, guessed] = [accuracy, low, high, majority.accuracy].map((share) =>
    share.toFixed(2),
  );
  return {
    code: 'NO_BETTER_THAN_GUESSING',
    message: `On held-out rows ${right} are right (${lowest} to ${highest}); always answering ${labelName(majority.label)} is right for ${guessed}. The model is no better than guessing: add rows, or check the labels.`,
  };
}

/**
 * Warns when the mean loss of a training is far above that of guessing, nearly always because the
 * learning rate is too high.
 *
 * @param guess the cross-entropy of guessing: the logarithm of the number of choices.
 */
export function divergenceWarnings(
  trainLoss: number,
  guess: number,
  { learningRate }: Pick<TrainingOptions, 'learningRate'>,
): TrainingWarning[] {
  if (trainLoss <= DIVERGED * guess) return [];
  const rate = learningRate === undefined ? 'learningRate' : `learningRate (${learningRate})`;
  const format = (loss: number) =>
    loss < 1000 ? loss.toFixed(2) : Math.round(loss).toLocaleString('en');
  return [
    {
      code: 'DIVERGED',
      message: `The training diverged: its mean loss is ${format(trainLoss)}, guessing has ${format(guess)}. Lower ${rate}, and train anew.`,
    },
  ];
}

function fewInAll({ length }: readonly TextExample[]): string | undefined {
  if (length >= FEWEST_IN_ALL) return undefined;
  return `The data has ${rows(length)} in all; with fewer than ${FEWEST_IN_ALL} a model seldom learns what holds for new texts. Add rows.`;
}

function fewOfLabels(
  examples: readonly TextExample[],
  labels: readonly string[],
): string | undefined {
  const rare = rareLabels(examples, labels, FEWEST_OF_LABEL);
  const [first, ...others] = rare;
  if (!first) return undefined;
  if (others.length === 0) {
    return `The label ${show(first.label)} has ${rows(first.count)}; with fewer than ${FEWEST_OF_LABEL} it is seldom learned or measured. Add rows.`;
  }
  const named = rare.slice(0, NAMED).map(({ label, count }) => `${show(label)} (${rows(count)})`);
  const unnamed = rare.length - named.length;
  const list = listOf(unnamed > 0 ? [...named, `${unnamed} more`] : named);
  return `The labels ${list} have few rows; with fewer than ${FEWEST_OF_LABEL} each they are seldom learned or measured. Add rows.`;
}

function conflicts(examples: readonly TextExample[]): string | undefined {
  const { texts, first } = conflictingLabels(examples);
  if (!first) return undefined;
  const text = show(first.text.replace(/\s+/g, ' ').trim());
  const under = `${text} under ${listOf(first.labels.map(labelName))}`;
  const what =
    texts === 1
      ? `1 text stands under different labels: ${under}. Correct it`
      : `${texts} texts stand under different labels, such as ${under}. Correct them`;
  return isMultiLabel(examples) ? `${what}.` : `${what}, or use multiLabel: true.`;
}

function heldOutRepeats(
  examples: readonly TextExample[],
  validationData: readonly TextExample[],
): string | undefined {
  const repeats = repeatedIn(examples, validationData);
  if (repeats === 0) return undefined;
  const all = validationData.length;
  const subject =
    all === 1 ? 'The only validation row' : `${repeats} of the ${all} validation rows`;
  const [what, them] =
    repeats === 1 ? ['repeats a training text', 'it'] : ['repeat training texts', 'them'];
  return `${subject} ${what}; the result is better than on new texts. Remove ${them} from one side.`;
}

const rows = (count: number): string => `${count} ${count === 1 ? 'row' : 'rows'}`;

/** No label at all, which `multiLabel` allows, has no name to quote. */
const labelName = (label: string): string => (label === '' ? 'no label' : show(label));

/** a; a and b; a, b and c */
const listOf = (items: readonly string[]): string =>
  items.length < 2
    ? items.join()
    : `${items.slice(0, -1).join(', ')} and ${items[items.length - 1]}`;
