import { AnyformerClassifier } from './classifierElement.ts';

const NAME = 'anyformer-classifier';

/**
 * Makes `<anyformer-classifier>` known to the page. Called again it does nothing, nor does it where
 * another copy of the library has defined the element, or where there are no pages: a worker, a server.
 *
 * @example
 * import { defineElements } from 'anyformer/ui';
 * defineElements();
 */
export function defineElements(): void {
  if (typeof customElements === 'undefined' || customElements.get(NAME)) return;
  customElements.define(NAME, AnyformerClassifier);
}
