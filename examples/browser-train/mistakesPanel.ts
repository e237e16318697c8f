import type { HeldOutResult, TextExample } from 'anyformer';
import { correctButton } from './correctRow.ts';
import { find, make, tell } from './dom.ts';
import { SEVERAL } from './parseTable.ts';
import { sentences, surenessOf } from './plainWords.ts';

const list = find('mistakes');
const hint = find('mistakes-hint');
const status = find('mistakes-status');

const SHOWN = 8;

/** The wrong answers that the model was surest of: often it is the label that is wrong. */
export function showMistakes(
  { predictions }: HeldOutResult,
  examples: readonly TextExample[],
): void {
  const wrong = predictions
    .filter(({ example, label }) => nameOf(label) !== nameOf(examples[example]!.label))
    .sort((a, b) => b.score - a.score);
  tell(status, '');
  hint.textContent =
    wrong.length === 0
      ? 'None: every sentence it had not seen was right.'
      : wrong.length > SHOWN
        ? `${sentences(wrong.length)} went wrong. It was surest of these. Are their labels right?`
        : 'It was surest of the first. Are their labels right?';
  list.replaceChildren(
    ...wrong.slice(0, SHOWN).map(({ example, label, score }) => {
      const { text, label: truth } = examples[example]!;
      const [mine, its] = [nameOf(truth), nameOf(label)];
      return make(
        'li',
        {},
        make('p', {}, text),
        make(
          'p',
          { className: 'hint' },
          'You: ',
          make('b', {}, mine || 'no label'),
          ' · It: ',
          make('b', {}, its || 'no label'),
          `, ${surenessOf(score)} sure`,
        ),
        correctButton({ text, label: asWritten(truth) }, its),
      );
    }),
  );
}

/** As the table of the examples has it. */
const asWritten = (label: string | readonly string[]): string =>
  typeof label === 'string' ? label : label.join(SEVERAL);

/** The same for the same labels in any order. */
const nameOf = (label: string | readonly string[]): string =>
  typeof label === 'string' ? label : [...label].sort().join(SEVERAL);
