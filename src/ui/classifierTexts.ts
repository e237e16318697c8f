/** The sentences of an `<anyformer-classifier>` by the attribute that replaces each, with their defaults. */
const TEXTS = {
  label: 'Text',
  placeholder: '',
  loading: 'Loading the model',
  ready: 'Ready. Write something to see its labels.',
  'list-label': 'Labels, the most likely first',
  'not-sure': 'Not sure',
  empty: 'There are no words in it.',
  unfamiliar: 'It is unlike the texts that the model has learned from.',
  'low-score': 'No label fits well enough.',
  'load-error': 'This could not be loaded. Try again.',
  'predict-error': 'This text could not be labelled. Try again.',
  retry: 'Try again',
  /** Empty: the browser's own sentence, in the visitor's language. */
  'required-error': '',
} as const;

/** The name of an attribute that replaces a text. */
export type TextName = keyof typeof TEXTS;

/** The names of all attributes that replace a text. */
export const textNames = Object.keys(TEXTS) as readonly TextName[];

/** The text that an element shows: that of its attribute, or the English default. */
export function textOf(element: Element, name: TextName): string {
  return element.getAttribute(name) ?? TEXTS[name];
}
