import type { HeldOutResult } from 'anyformer';
import { find, showNotes } from './dom.ts';
import { hideMatrix, showMatrix } from './matrixPanel.ts';
import { showMistakes } from './mistakesPanel.ts';
import { verdictOf, warningsOf } from './plainWords.ts';
import { countsOf } from './rows.ts';
import type { Run, TrainingOutcome } from './session.ts';

const result = find('result');
const verdict = find('verdict');
const likely = find('likely');
const method = find('method');
const choice = find('choice');
const tryStale = find('try-stale');
const warnings = find('warnings');
const stale = find('stale');
const closer = find('closer');
const toCloser = find('to-closer');
const methodBox = find('method-box');

const EMPTY =
  'When it is done, you read here how many sentences it gets right that it has not seen.';
const NOT_MEASURED =
  'How good it is cannot be said: there are too few sentences to keep some of them apart.';
const FURTHER =
  'It has learned your new examples. To measure it again, train it again from the start.';

/** Says how good a model is on sentences that it has not learned from. */
export function showResult({ examples, base, measurements }: Run, outcome: TrainingOutcome): void {
  const { heldOut } = outcome;
  result.classList.add('has-result');
  if (heldOut) {
    const { right, guess, likely: expected } = verdictOf(heldOut);
    verdict.textContent = `${right} ${guess}`.trim();
    likely.textContent = expected;
    method.textContent = methodOf(heldOut);
  } else {
    verdict.textContent = base ? FURTHER : NOT_MEASURED;
    likely.textContent = method.textContent = '';
  }
  showNotes(
    warnings,
    base ? [] : warningsOf(outcome.warnings, examples, countsOf(examples).reverse()),
  );
  choice.textContent = base ? '' : choiceOf(outcome, measurements.steps.length > 0);
  closer.hidden = toCloser.hidden = methodBox.hidden = heldOut === undefined;
  if (!heldOut) return;
  showMatrix(heldOut, examples);
  showMistakes(heldOut, examples);
}

/** What was said of another model or other examples goes. */
export function clearResult(): void {
  result.classList.remove('has-result');
  verdict.textContent = method.textContent = choice.textContent = '';
  likely.textContent = EMPTY;
  showNotes(warnings, []);
  stale.hidden = true;
  closer.hidden = toCloser.hidden = methodBox.hidden = tryStale.hidden = true;
  closer.classList.remove('is-stale');
  hideMatrix();
}

/** Says that the model has learned from examples that have gone. */
export function tellOtherExamples(): void {
  tryStale.hidden = false;
}

/** Says that the examples have changed since, without taking the list away that is being corrected. */
export function markStale(isStale: boolean): void {
  const hasResult = result.classList.contains('has-result');
  stale.hidden = !(isStale && hasResult);
  if (!isStale) tryStale.hidden = true;
  result.classList.toggle('is-stale', isStale && hasResult);
}

/** Why what it has learned from can be new to it. */
function methodOf({ method }: HeldOutResult): string {
  return method === 'cross-validation'
    ? 'Each was checked by a copy that had learned from the others only.'
    : 'They were kept apart while it learned.';
}

/** Which model it is in the end; with curves it may be another than the one they show. */
function choiceOf({ choice: { encoder } }: TrainingOutcome, hasCurves: boolean): string {
  if (encoder === 'ngrams') {
    return hasCurves
      ? 'A model that counts words was better than this Transformer, and is kept.'
      : 'The model counts words and pieces of words.';
  }
  return encoder === 'ngrams and transformer'
    ? 'A Transformer and a model that counts words answer together: that was best.'
    : 'The model is a Transformer.';
}
