import { textOf } from './classifierTexts.ts';
import type { ClassifierBase } from './classifierTypes.ts';
import { domElement } from './domElement.ts';

/** Used where a browser has no sentence of its own for a missing value. */
const MISSING = 'Please fill in this field.';

// A server has no HTMLElement. The class can still be imported there.
const Base = (globalThis.HTMLElement ?? class {}) as unknown as new () => ClassifierBase;

/**
 * An element with a text field that belongs to the form around it, as a `<textarea>` does. In browsers
 * without ElementInternals the form does not see the element, and the rest works.
 */
export class FormElement extends Base {
  static readonly formAssociated = true;

  readonly #input = domElement('textarea', {
    part: 'input',
    id: 'text',
    rows: '3',
    'aria-describedby': 'status',
  });
  readonly #internals: ElementInternals | undefined = this.attachInternals?.();

  /** The name of the text in the form's data. */
  get name(): string {
    return this.getAttribute('name') ?? '';
  }

  set name(name: string) {
    this.setAttribute('name', name);
  }

  /** Whether the form needs a text. */
  get required(): boolean {
    return this.hasAttribute('required');
  }

  set required(isRequired: boolean) {
    this.toggleAttribute('required', isRequired);
  }

  /** Whether the element has the attribute `disabled`. A fieldset can disable it too. */
  get disabled(): boolean {
    return this.hasAttribute('disabled');
  }

  set disabled(isDisabled: boolean) {
    this.toggleAttribute('disabled', isDisabled);
  }

  /** The form that the element belongs to. */
  get form(): HTMLFormElement | null {
    return this.#internals?.form ?? null;
  }

  /** The `<label>` elements of the page that name the element. */
  get labels(): NodeList | null {
    return this.#internals?.labels ?? null;
  }

  get willValidate(): boolean {
    return (this.#internals ?? this.input).willValidate;
  }

  get validity(): ValidityState {
    return (this.#internals ?? this.input).validity;
  }

  get validationMessage(): string {
    return (this.#internals ?? this.input).validationMessage;
  }

  /** Whether the text is valid. An invalid one raises the event `invalid`. */
  checkValidity(): boolean {
    return (this.#internals ?? this.input).checkValidity();
  }

  /** Like `checkValidity`. The browser also tells the visitor what is missing. */
  reportValidity(): boolean {
    return (this.#internals ?? this.input).reportValidity();
  }

  protected get input(): HTMLTextAreaElement {
    return this.#input;
  }

  /** Whether the element or a fieldset around it is disabled. */
  protected get isDisabled(): boolean {
    return this.disabled || this.matches(':disabled');
  }

  /**
   * Tells the form the text, and whether it is valid.
   *
   * @param label the label of the text; undefined while it is not known.
   */
  protected updateForm(label: string | undefined): void {
    const [input, internals] = [this.input, this.#internals];
    input.required = this.required;
    if (!internals) return;
    const [name, labelName] = [this.name, this.getAttribute('label-name')];
    const data = new FormData();
    if (name) data.append(name, input.value);
    if (labelName && label !== undefined) data.append(labelName, label);
    internals.setFormValue(data, input.value);
    if (input.required && input.value === '') {
      const message = textOf(this, 'required-error') || input.validationMessage || MISSING;
      internals.setValidity({ valueMissing: true }, message, input);
    } else internals.setValidity({});
  }
}
