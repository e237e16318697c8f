import { AnyformerError, show } from '../core/errors.ts';
import { TextClassifier } from '../tasks/textClassifier.ts';
import { type TextName, textNames, textOf } from './classifierTexts.ts';
import type { ClassifierEvents, ClassifierState } from './classifierTypes.ts';
import { ClassifierView } from './classifierView.ts';
import { FormElement } from './formElement.ts';

/** How long a visitor pauses, in milliseconds, before the text is labelled. */
const PAUSE = 200;

/** Properties that a page may set before the element is defined. */
const PROPERTIES = [
  'name',
  'required',
  'disabled',
  'worker',
  'classifier',
  'model',
  'value',
] as const;

/** The form's data and validity depend on these. */
const FORM_ATTRIBUTES: ReadonlySet<string> = new Set([
  'name',
  'label-name',
  'required',
  'required-error',
  'disabled',
]);

/**
 * `<anyformer-classifier model="./model">`: a text field that labels what a visitor writes. It shows
 * the labels and their scores while the visitor writes.
 *
 * | Attribute | Meaning | Default |
 * | --- | --- | --- |
 * | `model` | the address of a saved classifier's folder, relative to the page | none |
 * | `worker` | the model runs in a Web Worker | off |
 * | `value` | the text in the field at the start | empty |
 * | `top-k` | how many labels to show | all |
 * | `min-score` | from 0 to 1; a text whose best label scores lower gets the answer "Not sure" | 0 |
 * | `name` | the form submits the text under this name | none |
 * | `label-name` | the form submits the best label under this name, once it is known | none |
 * | `required` | the form needs a text | off |
 * | `disabled` | the visitor cannot write, and the form does not submit the text | off |
 * | `label` | the label of the field | Text |
 * | `placeholder` | shown in the field while it is empty | empty |
 * | `loading` | shown while the model loads | Loading the model |
 * | `ready` | shown while the field is empty | Ready. Write something to see its labels. |
 * | `list-label` | names the list of labels for screen readers | Labels, the most likely first |
 * | `not-sure` | shown where no label is the answer | Not sure |
 * | `unfamiliar` | why: the text shares too little with the training data | It is unlike the texts that the model has learned from. |
 * | `low-score` | why: the best label scores below `min-score` | No label fits well enough. |
 * | `empty` | why: the classifier found no words | There are no words in it. |
 * | `load-error` | shown when the model cannot be loaded | This could not be loaded. Try again. |
 * | `predict-error` | shown when a text cannot be labelled | This text could not be labelled. Try again. |
 * | `retry` | the button below both errors | Try again |
 * | `required-error` | shown when a required text is missing | the browser's own sentence |
 *
 * With a `min-score` above 0, a text that is unlike the training data also gets the answer "Not sure".
 * The first label of the `prediction` event is 'unknown' then.
 *
 * Events: `load`, `prediction` and `error`, see {@link ClassifierEvents}. `prediction` bubbles. Visitors
 * see a short sentence for an error. The details are in the `error` event and on the console.
 *
 * Fallback: the browser shows the element's children until the element is defined. They stay visible
 * when the script does not load, for example because its `integrity` does not match. The element hides
 * its children once it is defined, and shows them again when the model cannot be loaded.
 *
 * Parts to style with `::part()`: root, label, input, status, not-sure, progress, loaded, error,
 * error-message, retry, fallback, scores, row, best, name, score, track, bar. Custom properties:
 * `--anyformer-accent`, `-danger`, `-doubt`, `-border`, `-track` (colours), `-radius`, `-gap` (lengths).
 *
 * The element frees the model that it has loaded when it leaves the page. It loads the model again when
 * it comes back.
 *
 * @example
 * <anyformer-classifier model="./model" label="Your message">
 *   You can also write to help@shop.example.
 * </anyformer-classifier>
 */
export class AnyformerClassifier extends FormElement {
  static readonly observedAttributes: readonly string[] = [
    'model',
    'worker',
    'value',
    'top-k',
    'min-score',
    'name',
    'label-name',
    'required',
    'disabled',
    ...textNames,
  ];

  readonly #view: ClassifierView;
  #state: ClassifierState = 'idle';
  #classifier: TextClassifier | undefined;
  /** Whether the page has set the classifier. The page disposes of it then. */
  #isGiven = false;
  /** Whether the text was changed. The `value` attribute has no effect on it then. */
  #isChanged = false;
  /** The best label of the text; undefined while it is not known. */
  #label: string | undefined;
  #loading: AbortController | undefined;
  /** The number of the latest prediction. Results of earlier ones are dropped. */
  #turn = 0;
  #pause: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.#view = new ClassifierView(
      this.attachShadow({ mode: 'open', delegatesFocus: true }),
      this.input,
      (name) => textOf(this, name),
      () => this.closest<HTMLElement>('[lang]')?.lang || undefined,
    );
    const { input } = this;
    input.addEventListener('input', () => this.#predictSoon());
    // Unlike `input`, this event stays inside of the shadow root.
    input.addEventListener('change', () =>
      this.dispatchEvent(new Event('change', { bubbles: true })),
    );
    this.#view.retry.addEventListener('click', () => {
      // The button disappears, and the focus would be lost with it.
      input.focus();
      this.#restart();
    });
  }

  get state(): ClassifierState {
    return this.#state;
  }

  /** The text in the field. Setting it labels it. */
  get value(): string {
    return this.input.value;
  }

  set value(text: string) {
    this.#isChanged = true;
    this.#write(text);
  }

  /** The address of the model. */
  get model(): string | null {
    return this.getAttribute('model');
  }

  set model(address: string | null) {
    if (address === null) this.removeAttribute('model');
    else this.setAttribute('model', address);
  }

  /** Whether the model that `model` names runs in a Web Worker. A change loads it anew. */
  get worker(): boolean {
    return this.hasAttribute('worker');
  }

  set worker(isInWorker: boolean) {
    this.toggleAttribute('worker', isInWorker);
  }

  /**
   * The classifier in use. A classifier that you set replaces the one that `model` names. You dispose
   * of it yourself. Setting undefined goes back to `model`.
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
    // A property that was set before the upgrade hides the accessor of the class.
    for (const name of PROPERTIES) {
      if (!Object.hasOwn(this, name)) continue;
      const early: unknown = this[name];
      delete (this as Partial<this>)[name];
      Object.assign(this, { [name]: early });
    }
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
    if (textNames.includes(name as TextName)) this.#view.refresh();
    if (name === 'value' && !this.#isChanged) this.#write(now ?? '');
    if (name === 'top-k' || name === 'min-score') void this.#predict();
    if (name === 'disabled') this.#view.setDisabled(this.isDisabled);
    if (FORM_ATTRIBUTES.has(name)) this.updateForm(this.#label);
    const isOfLoading = name === 'model' || name === 'worker';
    if (isOfLoading && this.isConnected && !this.#isGiven) this.#restart();
  }

  formDisabledCallback(): void {
    this.#view.setDisabled(this.isDisabled);
  }

  formResetCallback(): void {
    this.#isChanged = false;
    this.#write(this.getAttribute('value') ?? '');
  }

  /** The browser restores the text, for example when the visitor comes back to the page. */
  formStateRestoreCallback(text: unknown): void {
    if (typeof text === 'string') this.value = text;
  }

  #write(text: string): void {
    this.input.value = text;
    this.#setLabel(undefined);
    void this.#predict();
  }

  #setLabel(label: string | undefined): void {
    this.#label = label;
    this.updateForm(label);
  }

  #setState(state: ClassifierState): void {
    this.#state = state;
  }

  /** Frees the model, and stops everything that is running. */
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
        worker: this.worker,
        onProgress: ({ step, totalSteps }) => {
          if (this.#loading === loading) this.#view.showLoading(step, totalSteps);
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
    this.#isChanged = true;
    this.#setLabel(undefined);
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
      this.#setLabel(scores[0]?.label);
      this.#view.showScores(scores);
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
    console.error('<anyformer-classifier>', error);
    this.#setState('error');
    this.#view.showError(this.#classifier ? 'predict-error' : 'load-error');
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
