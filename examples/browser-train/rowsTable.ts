import { find, make } from './dom.ts';
import type { Rows } from './rows.ts';

const table = find<HTMLTableElement>('rows');
const body = find<HTMLTableSectionElement>('rows-body');
const pages = find('pages');
const pageStatus = find('page-status');
const before = find<HTMLButtonElement>('page-before');
const after = find<HTMLButtonElement>('page-after');

/** Rows on a page: as many as are quickly made. */
const PAGE = 25;

/** The rows as a table to edit, a page at a time. One row is in the order of Tab; arrows move to others. */
export class RowsTable {
  readonly #rows: Rows;
  #page = 0;
  #current = 0;

  constructor(rows: Rows) {
    this.#rows = rows;
    before.addEventListener('click', () => this.#turn(-1));
    after.addEventListener('click', () => this.#turn(1));
    body.addEventListener('focusin', ({ target }) => this.#enter(lineOf(target)));
    body.addEventListener('keydown', (event) => this.#move(event));
    body.addEventListener('input', ({ target }) => this.#edit(target as HTMLInputElement));
    body.addEventListener('click', ({ target }) => {
      const button = (target as Element).closest('button');
      if (button) this.#remove(lineOf(button));
    });
  }

  /** @param anew whether the rows are others than before. */
  show({ anew = false } = {}): void {
    const { length } = this.#rows.all;
    const last = Math.max(0, Math.ceil(length / PAGE) - 1);
    this.#page = anew ? 0 : Math.min(this.#page, last);
    if (anew) this.#current = 0;
    const first = this.#page * PAGE;
    const shown = this.#rows.all.slice(first, first + PAGE);
    body.replaceChildren(...shown.map(({ text, label }, n) => lineOfRow(text, label, first + n)));
    table.hidden = length === 0;
    pages.hidden = length <= PAGE;
    pageStatus.textContent = `${first + 1} to ${first + shown.length} of ${length.toLocaleString('en')}`;
    before.disabled = this.#page === 0;
    after.disabled = this.#page === last;
    this.#enter(Math.min(this.#current, shown.length - 1));
  }

  /** Goes to the first row, to be written. */
  writeFirst(): void {
    this.show({ anew: true });
    this.#cell(0, 'textarea')?.focus();
  }

  #turn(by: number): void {
    this.#page += by;
    this.#current = 0;
    this.show();
    // A button that has become useless would leave the focus nowhere.
    if (document.activeElement === document.body) (by > 0 ? before : after).focus();
    find('rows-box').scrollTop = 0;
  }

  #edit(field: HTMLInputElement): void {
    const index = this.#page * PAGE + lineOf(field);
    this.#rows.change(
      index,
      field.matches('textarea') ? { text: field.value } : { label: field.value },
    );
  }

  #remove(line: number): void {
    this.#current = line;
    this.#rows.remove(this.#page * PAGE + line);
    const next = Math.min(line, body.children.length - 1);
    (this.#cell(next, 'button') ?? find('add-row')).focus();
  }

  #enter(line: number): void {
    this.#current = line;
    for (const [n, row] of [...body.rows].entries()) {
      for (const control of row.querySelectorAll<HTMLElement>('textarea, input, button')) {
        control.tabIndex = n === line ? 0 : -1;
      }
    }
  }

  #move(event: KeyboardEvent): void {
    const target = event.target as HTMLElement;
    const line = lineOf(target);
    const isText = target instanceof HTMLTextAreaElement;
    if (event.key === 'Enter' && !event.isComposing && !target.matches('button')) {
      event.preventDefault();
      this.#cell(line + 1, target.tagName)?.focus();
      return;
    }
    // Arrows within a sentence move in it, and in the field of a label they choose.
    if (target instanceof HTMLInputElement) return;
    const atStart = !isText || (target.selectionStart === 0 && target.selectionEnd === 0);
    const atEnd = !isText || target.selectionStart === target.value.length;
    const by = event.key === 'ArrowUp' && atStart ? -1 : event.key === 'ArrowDown' && atEnd ? 1 : 0;
    const next = by === 0 ? undefined : this.#cell(line + by, target.tagName);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  #cell(line: number, name: string): HTMLElement | undefined {
    return body.rows[line]?.querySelector<HTMLElement>(name.toLowerCase()) ?? undefined;
  }
}

function lineOfRow(text: string, label: string, index: number): HTMLTableRowElement {
  const number = index + 1;
  const area = make('textarea', { value: text, rows: 1, spellcheck: false });
  area.setAttribute('aria-label', `Sentence ${number}`);
  const name = make('input', { value: label, autocomplete: 'off', placeholder: 'Label' });
  name.setAttribute('list', 'label-names');
  name.setAttribute('aria-label', `Label of sentence ${number}`);
  const remove = make('button', { type: 'button', className: 'remove', title: 'Delete' }, '×');
  remove.setAttribute('aria-label', `Delete sentence ${number}`);
  return make('tr', {}, make('td', {}, area), make('td', {}, name), make('td', {}, remove));
}

const lineOf = (target: EventTarget | null): number =>
  (target as Element).closest('tr')!.sectionRowIndex;
