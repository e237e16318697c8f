/** `anyformer/ui`: what a page shows of a model, as a custom element. */
export {
  AnyformerClassifier,
  type ClassifierEvents,
  type ClassifierState,
} from './ui/classifierElement.ts';
export { defineElements } from './ui/defineElements.ts';
