import { AnyformerError, show } from '../core/errors.ts';
import type { LabelScore } from '../tasks/labelScores.ts';
import { TextClassifier } from '../tasks/textClassifier.ts';
import { ClassifierView } from './classifierView.ts';

/** What an `<anyformer-classifier>` is doing. It has no model while it is `idle`. */
export type ClassifierState = 'idle' | 'loading' | 'ready' | 'predicting' | 'error';

/** The `detail` of the events of an `<anyformer-classifier>`. */
export interface ClassifierEvents {
  load: CustomEvent<{ classifier: TextClassifier }>;
  prediction: CustomEvent<{ text: string; scores: readonly LabelScore[] }>;
  error: CustomEvent<{ error: AnyformerError }>;
}

/** Writing goes on within this time, in milliseconds; the text is then labelled once. */
const PAUSE = 200;

// There is none where a page is rendered on a server: the class can be imported all the same.
const Base: typeof HTMLElement =
  globalThis.HTMLElement ?? (class {} as unknown as typeof HTMLElement);

/**
 * `<anyformer-classifier model="./model">`: a field to write in, and the labels of what is written
 * with their scores, as one writes.
 *
 * Attributes:
 * - `model`: the address of a saved classifier's folder, relative to the page. Another one loads anew.
 * - `label`: what stands above the field. Default: 'Text'.
 * - `placeholder`: what stands in the field while it is empty.
 * - `value`: the text in the field at the start.
 * - `top-k`: how many labels to show. Default: all.
 * - `min-score`: a text whose best label scores lower, or that looks like nothing in the training data,
 *   is answered with 'Not sure', from 0 to 1. `prediction` then has 'unknown' first. Default: 0, every
 *   text has a label.
 *
 * Events: `load`, `prediction`, `error`, see {@link ClassifierEvents}; `prediction` bubbles.
 *
 * Parts to style with `::part()`: root, label, input, status, progress, loaded, error, error-code,
 * error-message, retry, scores, row, best, name, score, track, bar. Custom properties:
 * `--anyformer-accent`, `-danger`, `-border`, `-track` (colours), `-radius`, `-gap` (lengths).
 *
 * It frees the model it has loaded when it leaves the page, and loads it again when it comes back.
 *
 * @example
 * <anyformer-classifier model="./model" label="Your message"></anyformer-classifier>
 */
export class AnyformerClassifier extends Base {
  static readonly observedAttributes = [
    'model',
    'label',
    'placeholder',
    'value',
    'top-k',
    'min-score',
  ];

  readonly #view: ClassifierView;
  #state: ClassifierState = 'idle';
  #classifier: TextClassifier | undefined;
  /** Whether the page has handed the classifier in, and so is the one to dispose of it. */
  #isGiven = false;
  #loading: AbortController | undefined;
  /** The number of the latest prediction: what an earlier one finds is dropped. */
  #turn = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.#view = new ClassifierView(this.attachShadow({ mode: 'open', delegatesFocus: true }));
    this.#view.input.addEventListener('input', () => this.#predictSoon());
    this.#view.retry.addEventListener('click', () => this.#restart());
  }

  get state(): ClassifierState {
    return this.#state;
  }

  /** The text in the field. Setting it labels it. */
  get value(): string {
    return this.#view.input.value;
  }

  set value(text: string) {
    this.#view.input.value = text;
    void this.#predict();
  }

  /** The address of the model. */
  get model(): string | null {
    return this.getAttribute('model');
  }

  set model(address: string | null) {
    if (address === null) this.removeAttribute('model');
    else this.setAttribute('model', address);
  }

  /**
   * The classifier in use. Setting one uses it instead of what `model` names; it stays yours to
   * dispose of. Setting undefined goes back to `model`.
   */
  get classifier(): TextClassifier | undefined {
    return this.#classifier;
  }

  set classifier(classifier: TextClassifier | undefined) {
    this.#release();
    this.#isGiven = classifier !== undefined;
    if (classifier) this.#use(classifier);
    else this.#restart();
  }

  connectedCallback(): void {
    if (this.#classifier === undefined && this.#loading === undefined) this.#restart();
  }

  disconnectedCallback(): void {
    // An element that is moved leaves the page and is back at once.
    queueMicrotask(() => {
      if (this.isConnected || this.#isGiven) return;
      this.#release();
      this.#setState('idle');
      this.#view.showIdle();
    });
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now) return;
    if (name === 'label') this.#view.setLabel(now ?? 'Text');
    if (name === 'placeholder') this.#view.input.placeholder = now ?? '';
    if (name === 'value') this.value = now ?? '';
    if (name === 'top-k' || name === 'min-score') void this.#predict();
    if (name === 'model' && this.isConnected && !this.#isGiven) this.#restart();
  }

  #setState(state: ClassifierState): void {
    this.#state = state;
  }

  /** Lets go of the model, and of all that is under way. */
  #release(): void {
    clearTimeout(this.#pause);
    this.#turn++;
    this.#loading?.abort();
    this.#loading = undefined;
    if (!this.#isGiven) this.#classifier?.dispose();
    this.#classifier = undefined;
  }

  #restart(): void {
    if (this.#isGiven) return void this.#predict();
    this.#release();
    this.#setState('idle');
    this.#view.showIdle();
    if (this.model !== null && this.isConnected) void this.#load(this.model);
  }

  async #load(model: string): Promise<void> {
    const loading = new AbortController();
    const { signal } = loading;
    this.#loading = loading;
    this.#setState('loading');
    this.#view.showLoading(0);
    try {
      const classifier = await TextClassifier.load(this.#addressOf(model), {
        signal,
        onProgress: ({ step }) => {
          if (!signal.aborted) this.#view.showLoading(step);
        },
      });
      if (signal.aborted) return classifier.dispose();
      this.#loading = undefined;
      this.#use(classifier);
    } catch (error) {
      if (signal.aborted) return;
      this.#loading = undefined;
      this.#fail(error);
    }
  }

  #addressOf(model: string): URL {
    try {
      return new URL(model, this.baseURI);
    } catch (cause) {
      throw new AnyformerError(
        'INVALID_ARGUMENT',
        `model must be the address of a folder, received ${show(model)}.`,
        { cause },
      );
    }
  }

  #use(classifier: TextClassifier): void {
    this.#classifier = classifier;
    this.#setState('ready');
    this.#view.showReady();
    this.#tell('load', { classifier });
    void this.#predict();
  }

  #predictSoon(): void {
    this.#turn++;
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => void this.#predict(), PAUSE);
  }

  async #predict(): Promise<void> {
    clearTimeout(this.#pause);
    const turn = ++this.#turn;
    const classifier = this.#classifier;
    if (classifier === undefined) return;
    const text = this.value.trim();
    if (text === '') {
      this.#setState('ready');
      return this.#view.showReady();
    }
    this.#setState('predicting');
    this.#view.showPredicting();
    try {
      const [topK, minScore] = [this.getAttribute('top-k'), this.getAttribute('min-score')];
      const scores = await classifier.predict(text, {
        ...(topK !== null && { topK: Number(topK) }),
        ...(minScore !== null && { minScore: Number(minScore) }),
      });
      if (turn !== this.#turn) return;
      this.#setState('ready');
      this.#view.showScores(scores, this.closest<HTMLElement>('[lang]')?.lang || undefined);
      this.#tell('prediction', { text, scores }, true);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
    }
  }

  #fail(cause: unknown): void {
    const error =
      cause instanceof AnyformerError
        ? cause
        : new AnyformerError('ENGINE', cause instanceof Error ? cause.message : String(cause), {
            cause,
          });
    this.#setState('error');
    this.#view.showError(error, this.#classifier === undefined);
    this.#tell('error', { error });
  }

  #tell<Name extends keyof ClassifierEvents>(
    name: Name,
    detail: ClassifierEvents[Name]['detail'],
    bubbles = false,
  ): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles, composed: bubbles }));
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'anyformer-classifier': AnyformerClassifier;
  }
}
