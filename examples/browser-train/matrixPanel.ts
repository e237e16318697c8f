import type { HeldOutResult, TextExample } from 'anyformer';
import { correctButton } from './correctRow.ts';
import { find, make } from './dom.ts';
import { sentences, surenessOf, whole } from './plainWords.ts';

const box = find('matrix');
const cell = find('cell');
const hint = find('matrix-hint');

/** Labels that the table has room for, the most frequent. */
const SHOWN = 10;
/** Sentences of a number that are listed. */
const LISTED = 30;

const HINT = hint.textContent ?? '';

/** A table of how often each label was taken for each: true ones in rows, answers in columns. */
export function showMatrix(heldOut: HeldOutResult, examples: readonly TextExample[]): void {
  hideMatrix();
  const { confusionMatrix, labels } = heldOut.report;
  find('matrix-heading').parentElement!.hidden = confusionMatrix === undefined;
  if (!confusionMatrix) return;
  const totals = confusionMatrix.map((row) => row.reduce((sum, count) => sum + count, 0));
  const order = labels.map((_, n) => n).sort((a, b) => totals[b]! - totals[a]!);
  const shown = order.slice(0, SHOWN);
  hint.textContent =
    labels.length > SHOWN ? `${HINT} These are the ${SHOWN} most frequent labels.` : HINT;
  const head = make('tr', {}, make('td'));
  for (const c of shown) {
    const name = make('span', {}, labels[c]!);
    head.append(make('th', { scope: 'col', title: labels[c]! }, name));
  }
  const lines = shown.map((r) => {
    const line = make('tr', {}, make('th', { scope: 'row', title: labels[r]! }, labels[r]!));
    for (const c of shown) {
      const count = confusionMatrix[r]![c]!;
      line.append(
        cellOf(count, totals[r]!, r === c, () => list(heldOut, examples, labels[r]!, labels[c]!)),
      );
      if (count > 0)
        line.lastElementChild!.firstElementChild!.ariaLabel = nameOf(count, labels[r]!, labels[c]!);
    }
    return line;
  });
  const caption = make('caption', {}, 'Rows are your labels, columns are its answers.');
  const table = make('table', {}, caption, make('thead', {}, head), make('tbody', {}, ...lines));
  table.style.setProperty('--labels', String(shown.length));
  box.replaceChildren(table);
}

export function hideMatrix(): void {
  box.replaceChildren();
  cell.replaceChildren();
}

function cellOf(count: number, total: number, isRight: boolean, choose: () => void) {
  const share = total > 0 ? count / total : 0;
  const data = make('td', { className: isRight ? 'right' : 'wrong' });
  data.style.setProperty('--share', share.toFixed(3));
  data.classList.toggle('strong', share > 0.55);
  if (count === 0) {
    data.append('0');
    return data;
  }
  const button = make('button', { type: 'button' }, whole(count));
  button.addEventListener('click', () => {
    for (const other of box.querySelectorAll('[aria-pressed]')) other.ariaPressed = 'false';
    button.ariaPressed = 'true';
    choose();
  });
  button.ariaPressed = 'false';
  data.append(button);
  return data;
}

const nameOf = (count: number, truth: string, answer: string): string =>
  truth === answer
    ? `${sentences(count)} labelled ${truth}, answered right`
    : `${sentences(count)} labelled ${truth}, answered ${answer}`;

function list(
  { predictions }: HeldOutResult,
  examples: readonly TextExample[],
  truth: string,
  answer: string,
): void {
  const found = predictions
    .filter(({ example, label }) => label === answer && examples[example]!.label === truth)
    .sort((a, b) => b.score - a.score);
  const title =
    truth === answer ? `“${truth}”, answered right` : `“${truth}”, taken for “${answer}”`;
  const items = found.slice(0, LISTED).map(({ example, score }) => {
    const { text } = examples[example]!;
    const line = make(
      'li',
      {},
      make('span', {}, text),
      make('small', {}, `${surenessOf(score)} sure`),
    );
    if (truth !== answer) line.append(correctButton({ text, label: truth }, answer));
    return line;
  });
  const more = found.length - items.length;
  cell.replaceChildren(make('h4', {}, title), make('ul', {}, ...items));
  if (more > 0) cell.append(make('p', { className: 'hint' }, `and ${whole(more)} more`));
}
