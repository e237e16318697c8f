import type { TextExample } from 'anyformer';
import { describeError, find, showBars, tell } from './dom.ts';
import sample from './sample.csv?raw';
import { countLabels, guessColumns, openTable, readTable, type Table } from './table.ts';

const rows = find<HTMLTextAreaElement>('rows');
const file = find<HTMLInputElement>('file');
const drop = find('drop');
const textColumn = find<HTMLSelectElement>('text-column');
const labelColumn = find<HTMLSelectElement>('label-column');
const status = find('data-status');
const labels = find('labels');
const problems = find('problems');

const EXAMPLE_OF_ROWS = rows.placeholder;
/** More characters than this make a text area slow. */
const SHOWN = 300_000;
const PROBLEMS_SHOWN = 6;

export type OnExamples = (examples: readonly TextExample[]) => void;

/**
 * The card of the data: pasted, dropped, chosen or the sample.
 *
 * @param onExamples called with what was found, and with none while the rows cannot be used.
 */
export function startDataPanel(onExamples: OnExamples): void {
  let table: Table | undefined;
  let reading = 0;

  async function read(): Promise<void> {
    const turn = ++reading;
    onExamples([]);
    showBars(labels, []);
    problems.replaceChildren();
    if (!table) return tell(status, 'No rows yet.');
    try {
      const found = await readTable(table, { text: textColumn.value, label: labelColumn.value });
      if (turn !== reading) return;
      showFound(found);
      onExamples(found.examples);
    } catch (error) {
      if (turn === reading) tell(status, describeError(error), { bad: true });
    }
  }

  function open(source: string, fileName?: string): void {
    table = source.trim() === '' ? undefined : openTable(source, fileName);
    offerColumns(table?.columns ?? []);
    void read();
  }

  async function openFile(chosen: File | undefined): Promise<void> {
    if (!chosen) return;
    const source = await chosen.text();
    const isShown = source.length <= SHOWN;
    rows.value = isShown ? source : '';
    rows.placeholder = isShown
      ? EXAMPLE_OF_ROWS
      : `${chosen.name}, ${(chosen.size / 1e6).toFixed(1)} MB: too long to be shown here.`;
    open(source, chosen.name);
  }

  rows.addEventListener('input', () => open(rows.value));
  textColumn.addEventListener('change', () => void read());
  labelColumn.addEventListener('change', () => void read());
  find('choose').addEventListener('click', () => file.click());
  file.addEventListener('change', async () => {
    await openFile(file.files?.[0]);
    // So that the same file, corrected, can be chosen again.
    file.value = '';
  });
  find('sample').addEventListener('click', () => {
    rows.value = sample;
    open(sample);
  });
  acceptDrops((dropped) => void openFile(dropped));
}

function showFound(found: Awaited<ReturnType<typeof readTable>>): void {
  const counts = countLabels(found);
  const most = counts[0]?.[1] ?? 1;
  const left = found.problems.length;
  tell(
    status,
    `${number(found.examples.length)} rows with ${counts.length} ${counts.length === 1 ? 'label' : 'labels'}${left ? `; ${number(left)} left out:` : '.'}`,
  );
  showBars(
    labels,
    counts.map(([name, count]) => ({ name, share: count / most, amount: number(count) })),
  );
  const lines = found.problems
    .slice(0, PROBLEMS_SHOWN)
    .map(({ row, reason }) => `Row ${number(row)}: ${reason}`);
  if (left > PROBLEMS_SHOWN) lines.push(`… and ${number(left - PROBLEMS_SHOWN)} more`);
  problems.replaceChildren(
    ...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })),
  );
}

function offerColumns(columns: readonly string[]): void {
  const guess = guessColumns(columns);
  for (const [select, chosen] of [
    [textColumn, guess.text],
    [labelColumn, guess.label],
  ] as const) {
    const names = columns.length > 0 ? columns : [chosen];
    select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
    select.disabled = columns.length < 2;
  }
}

/** Files may be dropped anywhere on the page: beside its place they would replace the page. */
function acceptDrops(onFile: (file: File | undefined) => void): void {
  addEventListener('dragover', (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    drop.classList.add('over');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    drop.classList.remove('over');
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    onFile(event.dataTransfer.files[0]);
  });
}

const number = (value: number) => value.toLocaleString('en');
