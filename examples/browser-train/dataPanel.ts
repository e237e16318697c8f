import { find, showBars, showNotes, tell } from './dom.ts';
import { sentences, whole } from './plainWords.ts';
import type { ColumnsChosen, RowsRead } from './readRows.ts';
import type { ReadingAnswer, ReadingAsked } from './readRowsWorker.ts';
import type { Row, Rows, RowsChange } from './rows.ts';
import { RowsTable } from './rowsTable.ts';
import sample from './sample.csv?raw';

const status = find('data-status');
const labels = find('labels');
const advice = find('advice');
const labelNames = find('label-names');
const file = find<HTMLInputElement>('file');
const drop = find('drop');
const columns = find('columns');
const textColumn = find<HTMLSelectElement>('text-column');
const labelColumn = find<HTMLSelectElement>('label-column');
const clearButton = find<HTMLButtonElement>('clear');
const undoButton = find<HTMLButtonElement>('undo');
const showRows = find<HTMLButtonElement>('show-rows');
const pasteBox = find<HTMLDialogElement>('paste-box');
const pasteText = find<HTMLTextAreaElement>('paste-text');

/** Labels that have a bar; more than that nobody compares. */
const BARS = 8;
/** Milliseconds of quiet before rows that are being edited are counted. */
const COUNT_AFTER = 120;
/** Rows from which on to show and to count them at once would take long. */
const LONG = 2000;
/** Labels that are offered in a field. */
const OFFERED = 200;

/** The card of the examples: a table to edit, from a file, from what is pasted, or the sample. */
export class DataPanel {
  readonly #rows: Rows;
  readonly #table: RowsTable;
  /** Where the rows have come from, to be read again with other columns. */
  #source: Blob | string | undefined;
  #notes: readonly string[] = [];
  #reading = 0;
  #counting: number | undefined;

  constructor(rows: Rows) {
    this.#rows = rows;
    this.#table = new RowsTable(rows);
    rows.onChange((change) => this.#changed(change));
    find('choose').addEventListener('click', () => file.click());
    file.addEventListener('change', async () => {
      const chosen = file.files?.[0];
      if (chosen) await this.#read(chosen, {});
      // So that the same file, corrected, can be chosen again.
      file.value = '';
    });
    find('sample').addEventListener('click', async () => {
      await this.useSample();
      find('train').focus();
    });
    find('add-row').addEventListener('click', () => {
      this.#expand(true);
      rows.add({ text: '', label: '' });
      this.#table.writeFirst();
    });
    clearButton.addEventListener('click', () => {
      this.#forgetSource();
      rows.replace([]);
      find('sample').focus();
    });
    undoButton.addEventListener('click', () => {
      this.#forgetSource();
      rows.undo();
      clearButton.focus();
    });
    showRows.addEventListener('click', () => this.#expand(!drop.classList.contains('expanded')));
    for (const select of [textColumn, labelColumn]) {
      select.addEventListener('change', () => {
        const chosen = { text: Number(textColumn.value), label: Number(labelColumn.value) };
        void this.#read(this.#source!, chosen);
      });
    }
    this.#acceptPasted();
    acceptDrops((dropped) => void this.#read(dropped, {}));
  }

  /** Whether the rows have the labels of the sample. */
  get hasSample(): boolean {
    const names = this.#rows.counts().map(([name]) => name);
    return names.length > 0 && names.every((name) => sample.includes(`,${name}\n`));
  }

  async useSample(): Promise<void> {
    await this.#read(sample, {});
    this.#forgetSource();
  }

  async #read(source: Blob | string, chosen: ColumnsChosen): Promise<void> {
    const turn = ++this.#reading;
    tell(status, 'Reading…');
    const answer = await readInWorker({ source, chosen });
    if (turn !== this.#reading) return;
    if ('refusal' in answer) return this.#refuse(answer.refusal);
    const { read, rows } = answer;
    this.#source = source;
    this.#notes = read.notes;
    offerColumns(read);
    this.#rows.replace(rows, { several: read.several });
  }

  #refuse(why: string): void {
    this.#count();
    const kept = this.#rows.all.length > 0 ? ' Your sentences are as they were.' : '';
    tell(status, `${why}${kept}`, { bad: true });
  }

  #forgetSource(): void {
    this.#source = undefined;
    this.#notes = [];
    columns.hidden = true;
  }

  #changed(change: RowsChange): void {
    if (change === 'replaced') this.#table.show({ anew: true });
    if (change === 'structure') this.#table.show();
    clearTimeout(this.#counting);
    const isLong = this.#rows.all.length > LONG;
    if (change === 'cell' || isLong) {
      // A long table is counted in a task of its own.
      const after = change === 'cell' ? COUNT_AFTER : 0;
      this.#counting = window.setTimeout(() => this.#count(), after);
    } else this.#count();
  }

  #count(): void {
    const { all, canUndo } = this.#rows;
    const counts = this.#rows.counts();
    const complete = this.#rows.examples.length;
    const most = counts[0]?.[1] ?? 1;
    tell(status, statusOf(all.length, counts.length));
    const bars = counts.slice(0, BARS).map(([name, count]) => ({
      ...{ name, share: count / most, amount: whole(count) },
    }));
    showBars(labels, bars);
    showNotes(advice, [
      ...this.#notes,
      ...adviceOn(
        all.length,
        complete,
        counts.map(([name]) => name),
      ),
    ]);
    const offered = counts.slice(0, OFFERED).map(([name]) => new Option('', name));
    labelNames.replaceChildren(...offered);
    find('no-rows').hidden = all.length > 0;
    clearButton.hidden = all.length === 0;
    undoButton.hidden = !canUndo;
    drop.classList.toggle('without-rows', all.length === 0);
  }

  #expand(isExpanded: boolean): void {
    drop.classList.toggle('expanded', isExpanded);
    showRows.ariaExpanded = String(isExpanded);
    showRows.textContent = isExpanded ? 'Hide the sentences' : 'Show the sentences';
  }

  /** From the box for it, and beside all fields also by Ctrl-V. */
  #acceptPasted(): void {
    find('paste').addEventListener('click', () => {
      pasteText.value = '';
      pasteBox.showModal();
    });
    pasteBox.addEventListener('close', () => {
      if (pasteBox.returnValue === 'use') void this.#read(pasteText.value, {});
    });
    addEventListener('paste', (event) => {
      const pasted = event.clipboardData?.getData('text/plain') ?? '';
      const isInField = (event.target as Element).matches?.('textarea, input');
      if (isInField || pasteBox.open || pasted.trim() === '') return;
      event.preventDefault();
      void this.#read(pasted, {});
    });
  }
}

function statusOf(count: number, labelCount: number): string {
  if (count === 0) return 'No sentences yet.';
  if (labelCount === 0) return `${sentences(count)}, no labels yet.`;
  return `${sentences(count)} with ${labelCount === 1 ? '1 label' : `${whole(labelCount)} labels`}.`;
}

/** What is missing before it can learn, and what to do. */
function adviceOn(count: number, complete: number, names: readonly string[]): string[] {
  if (count === 0) return [];
  if (names.length === 0) {
    return [
      'The sentences have no labels. Write a label beside each one below, or open a file that has a second column with labels.',
    ];
  }
  const advice: string[] = [];
  if (names.length === 1) {
    advice.push(
      `All sentences have the same label, “${names[0]}”, so there is nothing to tell apart. Add sentences with a second label.`,
    );
  }
  if (names.length > complete / 2 && complete > 4) {
    advice.push(
      'Most labels stand at one sentence only. Are these the right columns? Each label needs several sentences.',
    );
  }
  const without = count - complete;
  if (without > 0) {
    advice.push(
      without === 1
        ? '1 row is not complete. It is left out until it has a sentence and a label.'
        : `${whole(without)} rows are not complete. They are left out until they have a sentence and a label.`,
    );
  }
  return advice;
}

function offerColumns({ columns: names, textColumn: text, labelColumn: label }: ReadAbout): void {
  columns.hidden = names.length < 3;
  for (const [select, chosen] of [
    [textColumn, text],
    [labelColumn, label],
  ] as const) {
    select.replaceChildren(
      ...names.map((name, n) => new Option(name, String(n), false, n === chosen)),
    );
  }
}

type ReadAbout = Omit<RowsRead, 'texts' | 'labels'>;
type Reading = { readonly read: ReadAbout; readonly rows: Row[] } | { readonly refusal: string };

let reader: Worker | undefined;
let lastAnswer: Promise<unknown> = Promise.resolve();

/** Reads off the page's thread, one after the other. */
function readInWorker(asked: ReadingAsked): Promise<Reading> {
  reader ??= new Worker(new URL('./readRowsWorker.ts', import.meta.url), { type: 'module' });
  const worker = reader;
  const answer = lastAnswer.then(
    () =>
      new Promise<Reading>((resolve) => {
        const rows: Row[] = [];
        worker.onmessage = ({ data }: MessageEvent<ReadingAnswer>) => {
          if ('part' in data) {
            const { texts, labels } = data.part;
            for (const [n, text] of texts.entries()) rows.push({ text, label: labels[n]! });
          } else resolve('read' in data ? { ...data, rows } : data);
        };
        worker.onerror = () =>
          resolve({ refusal: 'The file could not be read. Reload the page and try again.' });
        worker.postMessage(asked);
      }),
  );
  lastAnswer = answer;
  return answer;
}

/** Files may be dropped anywhere on the page: beside its place they would replace the page. */
function acceptDrops(onFile: (file: File) => void): void {
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
    const [dropped] = event.dataTransfer.files;
    if (dropped) onFile(dropped);
  });
}
