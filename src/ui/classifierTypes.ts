import type { AnyformerError } from '../core/errors.ts';
import type { LabelScore } from '../tasks/labelScores.ts';
import type { TextClassifier } from '../tasks/textClassifier.ts';
import type { AnyformerClassifier } from './classifierElement.ts';
import type { TextName } from './classifierTexts.ts';

/** What an `<anyformer-classifier>` is doing. It is `idle` while it has no model. */
export type ClassifierState = 'idle' | 'loading' | 'ready' | 'predicting' | 'error';

/** The events of an `<anyformer-classifier>` by name. */
export interface ClassifierEvents {
  /** The model has loaded. */
  load: CustomEvent<{ classifier: TextClassifier }>;
  /** A text has been labelled. This event bubbles. */
  prediction: CustomEvent<{ text: string; scores: readonly LabelScore[] }>;
  /** The model could not be loaded, or a text could not be labelled. */
  error: CustomEvent<{ error: AnyformerError }>;
}

type ElementEvents = Omit<HTMLElementEventMap, keyof ClassifierEvents> & ClassifierEvents;

/** An HTMLElement whose listeners receive the classifier's own events with their types. */
export interface ClassifierBase extends HTMLElement {
  addEventListener<Name extends keyof ElementEvents>(
    type: Name,
    listener: (this: AnyformerClassifier, event: ElementEvents[Name]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof ElementEvents>(
    type: Name,
    listener: (this: AnyformerClassifier, event: ElementEvents[Name]) => unknown,
    options?: boolean | EventListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | EventListenerOptions,
  ): void;
}

/**
 * The attributes of an `<anyformer-classifier>` in JSX. {@link AnyformerClassifier} describes each.
 * React 19 adds a listener for each prop that starts with `on`.
 */
export interface ClassifierAttributes extends Partial<Record<TextName, string>> {
  model?: string;
  value?: string;
  'top-k'?: number | string;
  'min-score'?: number | string;
  worker?: boolean;
  name?: string;
  'label-name'?: string;
  required?: boolean;
  disabled?: boolean;
  onload?: (event: ClassifierEvents['load']) => void;
  onprediction?: (event: ClassifierEvents['prediction']) => void;
  onerror?: (event: ClassifierEvents['error']) => void;
}

/**
 * The package's elements for JSX, by tag. Add them to your framework's own list:
 *
 * @typeParam Common the attributes that all elements of the framework take, such as `className`.
 *
 * @example
 * declare module 'react' {
 *   namespace JSX {
 *     interface IntrinsicElements
 *       extends AnyformerElements<DetailedHTMLProps<HTMLAttributes<AnyformerClassifier>, AnyformerClassifier>> {}
 *   }
 * }
 */
export interface AnyformerElements<Common = object> {
  'anyformer-classifier': Omit<Common, keyof ClassifierAttributes> & ClassifierAttributes;
}

declare global {
  interface HTMLElementTagNameMap {
    'anyformer-classifier': AnyformerClassifier;
  }
}
