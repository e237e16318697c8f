import type { AnyformerError } from '../core/errors.ts';
import { type LabelScore, UNKNOWN } from '../tasks/labelScores.ts';
import { classifierStyles } from './classifierStyles.ts';
import { domElement } from './domElement.ts';

const BYTES_IN_MEGABYTE = 1e6;

/** Why a text has no answer. */
const DOUBTS: Readonly<Record<NonNullable<LabelScore['note']>, string>> = {
  empty: 'there are no words in it',
  unfamiliar: 'it looks like nothing in the training data',
  'low-score': 'no label scores high enough',
};

/** What a classifier shows: a text field, what it is doing, and the labels with their scores. */
export class ClassifierView {
  readonly #label = domElement('label', { part: 'label', for: 'text' }, 'Text');
  readonly input = domElement('textarea', {
    part: 'input',
    id: 'text',
    rows: '3',
    'aria-describedby': 'status',
  });
  // There from the start: a screen reader tells of changes only in regions that it knows.
  readonly #status = domElement('p', {
    part: 'status',
    class: 'status',
    id: 'status',
    role: 'status',
  });
  // Beside the status: that one would be read out at every change.
  readonly #loaded = domElement('span', { part: 'loaded', class: 'loaded' });
  readonly #progress = domElement(
    'div',
    { part: 'progress', class: 'progress' },
    // Not a <progress>: the track of Chromium's is white on dark pages as well.
    domElement(
      'div',
      { class: 'track', role: 'progressbar', 'aria-label': 'Loading the model' },
      domElement('div', { class: 'moving' }),
    ),
    this.#loaded,
  );
  readonly #code = domElement('span', { part: 'error-code', class: 'code' });
  readonly #message = domElement('span', { part: 'error-message' });
  readonly retry = domElement('button', { part: 'retry', type: 'button' }, 'Try again');
  readonly #error = domElement(
    'div',
    { part: 'error', class: 'error', role: 'alert' },
    domElement('p', {}, this.#code, ' ', this.#message),
    this.retry,
  );
  // Without its marks, a list is one for Safari's screen reader only by its role.
  readonly #scores = domElement('ol', {
    part: 'scores',
    role: 'list',
    'aria-label': 'Labels, the most likely first',
  });

  constructor(root: ShadowRoot) {
    root.adoptedStyleSheets = [classifierStyles()];
    const field = domElement('div', { class: 'field' }, this.#label, this.input);
    const parts = [field, this.#status, this.#progress, this.#error, this.#scores];
    root.append(domElement('div', { part: 'root', class: 'root' }, ...parts));
    this.showIdle();
  }

  setLabel(text: string): void {
    this.#label.textContent = text;
  }

  showIdle(): void {
    this.#show({});
    this.#setScores([]);
  }

  showLoading(bytes: number): void {
    this.#loaded.textContent = `${(bytes / BYTES_IN_MEGABYTE).toFixed(1)} MB`;
    this.#show({ status: 'Loading the model', isLoading: true });
  }

  showReady(): void {
    this.#show({ status: 'Ready. Write something to see its labels.' });
    this.#setScores([]);
  }

  showPredicting(): void {
    this.#error.hidden = true;
    this.#scores.setAttribute('aria-busy', 'true');
  }

  /** @param language of the numbers, as BCP 47 names it; undefined is the browser's. */
  showScores(scores: readonly LabelScore[], language: string | undefined): void {
    const percent = new Intl.NumberFormat(language, {
      style: 'percent',
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
    const [first] = scores;
    const doubt = first?.label === UNKNOWN && first.note ? DOUBTS[first.note] : undefined;
    const rows = (doubt ? scores.slice(1) : scores).map(({ label, score }) => ({
      label,
      score,
      text: percent.format(score),
    }));
    const [best] = rows;
    // An answer is seen in the list, and heard from here; that there is none is both from here.
    if (doubt) this.#show({ status: `Not sure: ${doubt}.` });
    else this.#show({ status: best ? `${best.label}, ${best.text}` : '', isHeardOnly: true });
    this.#setScores(rows, doubt === undefined);
  }

  /** @param canRetry whether the same may go well another time. */
  showError({ code, message }: AnyformerError, canRetry: boolean): void {
    this.#show({ hasError: true });
    this.#code.textContent = code;
    this.#message.textContent = message;
    this.retry.hidden = !canRetry;
    this.#setScores([]);
  }

  #show({ status = '', isHeardOnly = false, isLoading = false, hasError = false }): void {
    if (this.#status.textContent !== status) this.#status.textContent = status;
    this.#status.classList.toggle('heard', isHeardOnly || status === '');
    this.#progress.hidden = !isLoading;
    this.#error.hidden = !hasError;
  }

  /**
   * Row by row and in place, so that the bars move from one result to the next.
   *
   * @param hasAnswer whether the first is the answer, which then stands out.
   */
  #setScores(
    rows: readonly { label: string; score: number; text: string }[],
    hasAnswer = true,
  ): void {
    const list = this.#scores;
    list.removeAttribute('aria-busy');
    list.hidden = rows.length === 0;
    while (list.children.length > rows.length) list.lastElementChild!.remove();
    while (list.children.length < rows.length) list.append(newRow());
    for (const [i, { label, score, text }] of rows.entries()) {
      const row = list.children[i] as HTMLLIElement;
      const [name, value, track] = row.children as unknown as [Element, Element, Element];
      row.classList.toggle('best', hasAnswer && i === 0);
      row.part.toggle('best', hasAnswer && i === 0);
      name.textContent = label;
      value.textContent = text;
      (track.firstElementChild as HTMLElement).style.setProperty('--share', String(score));
    }
  }
}

function newRow(): HTMLLIElement {
  const bar = domElement('div', { part: 'bar', class: 'bar' });
  return domElement(
    'li',
    { part: 'row' },
    domElement('span', { part: 'name', class: 'name' }),
    domElement('span', { part: 'score', class: 'score' }),
    domElement('div', { part: 'track', class: 'track', 'aria-hidden': 'true' }, bar),
  );
}
