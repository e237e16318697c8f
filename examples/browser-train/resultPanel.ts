import { find, showBars } from './dom.ts';
import type { TrainingOutcome } from './session.ts';

const verdict = find('verdict');
const compared = find('compared');
const method = find('method');
const warnings = find('warnings');

const EMPTY = verdict.textContent ?? '';

type HeldOut = NonNullable<TrainingOutcome['heldOut']>;

/** Says how good a model is on texts that it has not learned from, beside what is no art. */
export function showResult(result: TrainingOutcome | undefined): void {
  const heldOut = result?.heldOut;
  verdict.textContent = heldOut ? verdictOf(heldOut) : result ? NOT_MEASURED : EMPTY;
  showBars(compared, heldOut ? barsOf(heldOut, result) : []);
  method.textContent = [heldOut && methodOf(heldOut), result && choiceOf(result)]
    .filter(Boolean)
    .join(' ');
  warnings.replaceChildren(
    ...(result?.warnings ?? []).map(({ message }) =>
      Object.assign(document.createElement('li'), { textContent: message }),
    ),
  );
}

const NOT_MEASURED =
  'How good it is cannot be said: there are too few texts to hold some of them out.';

/** `96 % (90 to 99 %)`: of held-out texts, with the interval that the true share is likely in. */
export function accuracyOf({ accuracy, accuracyInterval: [low, high] }: HeldOut): string {
  return `${percent(accuracy)} (likely ${digits(low)} to ${percent(high)})`;
}

function verdictOf(heldOut: HeldOut): string {
  return `Of texts that it has not learned from, it labels ${accuracyOf(heldOut)} right.`;
}

function barsOf({ accuracy, majority, ngrams }: HeldOut, { choice }: TrainingOutcome) {
  const bar = (name: string, share: number) => ({ name, share, amount: percent(share) });
  return [
    { ...bar('This model', accuracy), isBest: true },
    // The n-gram model is not to be compared with itself.
    ...(ngrams && choice.encoder !== 'ngrams' ? [bar('N-grams alone', ngrams.accuracy)] : []),
    bar(`Always “${majority.label}”`, majority.accuracy),
  ];
}

function methodOf({ method, folds, examples }: HeldOut): string {
  const texts = `${examples.toLocaleString('en')} texts`;
  return method === 'cross-validation'
    ? `Measured on ${texts}, each by a model that learned from others (${folds}-fold cross-validation).`
    : `Measured on ${texts} that were held out.`;
}

const NAMES: Readonly<Record<string, string>> = {
  ngrams: 'An n-gram model, which counts words and pieces of words',
  transformer: 'A Transformer',
  'ngrams and transformer': 'An n-gram model and a Transformer, averaged',
};

function choiceOf({ choice: { encoder, reason } }: TrainingOutcome): string {
  const name = NAMES[encoder] ?? encoder;
  return reason === 'as asked' ? `It is: ${lower(name)}.` : `${name}: ${reason}.`;
}

const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);

const digits = (share: number) => String(Math.round(100 * share));
export const percent = (share: number) => `${digits(share)} %`;
