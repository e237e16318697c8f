import { type LabelScore, UNKNOWN } from '../tasks/labelScores.ts';
import { classifierStyles } from './classifierStyles.ts';
import type { TextName } from './classifierTexts.ts';
import { domElement } from './domElement.ts';
import { ScoreList } from './scoreList.ts';

const BYTES_IN_MEGABYTE = 1e6;

/** What a classifier shows: a text field, what it is doing, and the labels with their scores. */
export class ClassifierView {
  readonly #text: (name: TextName) => string;
  readonly #language: () => string | undefined;
  readonly #label = domElement('label', { part: 'label', for: 'text' });
  readonly #input: HTMLTextAreaElement;
  // There from the start: a screen reader tells of changes only in regions that it knows.
  readonly #status = domElement('div', {
    part: 'status',
    class: 'status',
    id: 'status',
    role: 'status',
  });
  // Beside the status: that one would be read out at every change.
  readonly #loaded = domElement('span', { part: 'loaded', class: 'loaded' });
  readonly #loadedBar = domElement('div', { class: 'moving' });
  // Not a <progress>: the track of Chromium's is white on dark pages as well.
  readonly #track = domElement('div', { class: 'track', role: 'progressbar' }, this.#loadedBar);
  readonly #progress = domElement(
    'div',
    { part: 'progress', class: 'progress' },
    this.#track,
    this.#loaded,
  );
  readonly #message = domElement('p', { part: 'error-message' });
  readonly retry = domElement('button', { part: 'retry', type: 'button' });
  readonly #error = domElement(
    'div',
    { part: 'error', class: 'error', role: 'alert' },
    this.#message,
    this.retry,
  );
  readonly #fallback = domElement('slot', { part: 'fallback' });
  readonly #scores = new ScoreList();
  /** Draws the present state once more. */
  #draw = () => this.showIdle();

  /**
   * @param text the text of a name, in the page's words.
   * @param language of the numbers, as BCP 47 names it; undefined is the browser's.
   */
  constructor(
    root: ShadowRoot,
    input: HTMLTextAreaElement,
    text: (name: TextName) => string,
    language: () => string | undefined,
  ) {
    this.#input = input;
    this.#text = text;
    this.#language = language;
    root.adoptedStyleSheets = [classifierStyles()];
    const field = domElement('div', { class: 'field' }, this.#label, input);
    const results = [this.#status, this.#progress, this.#error, this.#fallback];
    root.append(
      domElement('div', { part: 'root', class: 'root' }, field, ...results, this.#scores.element),
    );
    this.refresh();
  }

  /** Shows the same with the texts as they are now. */
  refresh(): void {
    this.#label.textContent = this.#text('label');
    this.#input.placeholder = this.#text('placeholder');
    this.retry.textContent = this.#text('retry');
    this.#track.setAttribute('aria-label', this.#text('loading'));
    this.#scores.element.setAttribute('aria-label', this.#text('list-label'));
    this.#draw();
  }

  setDisabled(isDisabled: boolean): void {
    this.#input.disabled = isDisabled;
    this.retry.disabled = isDisabled;
  }

  showIdle(): void {
    this.#draw = () => this.showIdle();
    this.#show({});
  }

  /** @param totalBytes undefined where the server does not tell. */
  showLoading(bytes: number, totalBytes?: number): void {
    this.#draw = () => this.showLoading(bytes, totalBytes);
    const megabytes = new Intl.NumberFormat(this.#language(), {
      style: 'unit',
      unit: 'megabyte',
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
    this.#loaded.textContent = megabytes.format(bytes / BYTES_IN_MEGABYTE);
    this.#loadedBar.className = totalBytes ? 'filled' : 'moving';
    if (totalBytes) {
      this.#loadedBar.style.setProperty('--share', String(bytes / totalBytes));
      this.#track.setAttribute('aria-valuenow', String(Math.round((100 * bytes) / totalBytes)));
    } else this.#track.removeAttribute('aria-valuenow');
    this.#show({ status: this.#text('loading'), isLoading: true });
  }

  showReady(): void {
    this.#draw = () => this.showReady();
    this.#show({ status: this.#text('ready') });
  }

  showPredicting(): void {
    this.#error.hidden = true;
    this.#scores.setBusy();
  }

  showScores(scores: readonly LabelScore[]): void {
    this.#draw = () => this.showScores(scores);
    const [first, ...others] = scores;
    if (first?.label === UNKNOWN) {
      const reason = first.note ? this.#text(first.note) : '';
      this.#show({ title: this.#text('not-sure'), status: reason, hasScores: true });
      this.#scores.show(others, { hasAnswer: false, language: this.#language() });
      return;
    }
    const [best] = this.#scores.show(scores, { hasAnswer: true, language: this.#language() });
    // An answer is seen in the list, and heard from here.
    this.#show({ status: best ?? '', isHeardOnly: true, hasScores: true });
  }

  showError(name: 'load-error' | 'predict-error'): void {
    this.#draw = () => this.showError(name);
    this.#show({ error: this.#text(name) });
    this.#fallback.hidden = name !== 'load-error';
  }

  /** @param title stands above the status: the answer itself is in doubt. */
  #show({
    title = '',
    status = '',
    error = '',
    isHeardOnly = false,
    isLoading = false,
    hasScores = false,
  }): void {
    this.#setStatus(title, status);
    this.#status.classList.toggle('doubt', title !== '');
    this.#status.part.toggle('not-sure', title !== '');
    this.#status.classList.toggle('heard', isHeardOnly || title + status === '');
    this.#progress.hidden = !isLoading;
    this.#message.textContent = error;
    this.#error.hidden = error === '';
    this.#fallback.hidden = true;
    if (!hasScores) this.#scores.show([], { hasAnswer: false, language: undefined });
  }

  /** A region that changes is read out, so the same text is not written twice. */
  #setStatus(title: string, sentence: string): void {
    const text = title ? `${title} ${sentence}` : sentence;
    if (this.#status.textContent === text) return;
    const heading = title ? [domElement('strong', {}, title), ' '] : [];
    this.#status.replaceChildren(...heading, sentence);
  }
}
