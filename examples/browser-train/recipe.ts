import type { ClassifierTrainingOptions, TextClassifierOptions, TextExample } from 'anyformer';

/** What a user of the page decides. */
export interface Settings {
  /** 'auto' leaves it to the library; the others are a Transformer alone. */
  readonly model: 'auto' | 'small' | 'medium';
  /** Of a Transformer. Undefined: as many as the data asks for. */
  readonly epochs: number | undefined;
}

/** A score below this is no answer: it is more likely wrong than right. */
export const MIN_SCORE = 0.5;

/** Automatic tries a Transformer from this many different texts on. */
export const FEWEST_FOR_TRANSFORMER = 150;

/** The share of the texts that a Transformer alone is measured on, and learns nothing from. */
const HELD_OUT = 0.2;
const SAVE_STEPS = 200;

const TRANSFORMERS = {
  small: { type: 'transformer' },
  medium: {
    type: 'transformer',
    hiddenSize: 128,
    numHiddenLayers: 2,
    numAttentionHeads: 4,
    intermediateSize: 256,
  },
} as const;

/** The options of a classifier: the library's own, but for what the user has set. */
export function classifierOptions(
  { model }: Settings,
  examples: readonly TextExample[],
): TextClassifierOptions {
  return {
    multiLabel: examples.some(({ label }) => Array.isArray(label)),
    ...(model !== 'auto' && { encoder: TRANSFORMERS[model] }),
  };
}

/** And those of its training. A Transformer's own is measured while it learns, for its curve. */
export function trainingOptions({ model, epochs }: Settings): ClassifierTrainingOptions {
  return {
    ...(model !== 'auto' && { validationSplit: HELD_OUT }),
    ...(epochs !== undefined && { epochs }),
    saveSteps: SAVE_STEPS,
  };
}

/**
 * Those of a training that goes on from a model. It has learned from most of the rows before, so that
 * there are none to measure it on.
 *
 * @param encoder which model it has, as its training said.
 */
export function furtherOptions(encoder: string): ClassifierTrainingOptions {
  return { validationSplit: 0, ...(encoder !== 'ngrams' && { epochs: 2, saveSteps: SAVE_STEPS }) };
}
