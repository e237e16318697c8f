import { find, make, tell } from './dom.ts';
import type { Row, Rows } from './rows.ts';

const status = find('mistakes-status');

let rows: Rows | undefined;

/** @param own the rows that the buttons correct. */
export function startCorrecting(own: Rows): void {
  rows = own;
}

/** A button that gives the row of a sentence another label, and takes it back when it is pressed again. */
export function correctButton(row: Row, answer: string): HTMLButtonElement {
  const button = make('button', { type: 'button', className: 'correct' });
  let now = row;
  const name = () => {
    const isCorrected = now.label !== row.label;
    button.textContent = isCorrected ? `Back to “${row.label}”` : `Label it “${answer}”`;
    button.classList.toggle('done', isCorrected);
  };
  name();
  button.addEventListener('click', () => {
    const index = rows!.all.findIndex(
      ({ text, label }) => text === now.text && label === now.label,
    );
    if (index < 0) {
      tell(status, 'This sentence is not in your examples any more.');
      button.disabled = true;
      find('closer').focus();
      return;
    }
    const label = now.label === row.label ? answer : row.label;
    rows!.change(index, { label }, { redraw: true });
    now = { text: row.text, label };
    name();
    tell(status, `The sentence is now labelled “${label}”. Train again to learn from it.`);
  });
  return button;
}
