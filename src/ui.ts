/** `anyformer/ui`: custom elements that show a model on a page. */
export { AnyformerClassifier } from './ui/classifierElement.ts';
export type {
  AnyformerElements,
  ClassifierAttributes,
  ClassifierEvents,
  ClassifierState,
} from './ui/classifierTypes.ts';
export { defineElements } from './ui/defineElements.ts';
