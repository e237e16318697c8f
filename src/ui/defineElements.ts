import { AnyformerClassifier } from './classifierElement.ts';

const NAME = 'anyformer-classifier';

/**
 * Defines `<anyformer-classifier>` on the page. It does nothing where the element is defined already,
 * and nothing in workers and on servers, which have no elements.
 *
 * @example
 * import { defineElements } from 'anyformer/ui';
 * defineElements();
 */
export function defineElements(): void {
  if (typeof customElements === 'undefined' || customElements.get(NAME)) return;
  customElements.define(NAME, AnyformerClassifier);
}
