import { AnyformerError, show } from '../core/errors.ts';
import {
  labelsFromConfig,
  labelsToConfig,
  readHfConfig,
  writeHfConfig,
} from '../formats/hfConfig.ts';
import type { JsonObject } from '../formats/json.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { encoderConfigFromHf, encoderConfigToHf } from '../models/encoderConfig.ts';
import type { SavedWeights } from '../models/parameterStore.ts';
import {
  SequenceClassifier,
  type SequenceClassifierOptions,
} from '../models/sequenceClassifier.ts';
import type { Side, Tokenizer } from '../tokenizers/index.ts';
import { checkPadding } from './classifierTokenizer.ts';
import { isSameTokenizer, readTokenizerFiles, toTokenizerFiles } from './tokenizerFiles.ts';

/** All that a trained text classifier is. */
export interface ClassifierParts {
  readonly model: SequenceClassifier;
  readonly tokenizer: Tokenizer;
  readonly labels: readonly string[];
  readonly multiLabel: boolean;
  readonly maxLength: number;
  readonly truncationSide: Side;
}

/** The files of a saved classifier besides config.json. */
export const CLASSIFIER_FILES = {
  required: ['tokenizer.json', 'model.safetensors'],
  optional: ['tokenizer_config.json'],
} as const;

const MULTI_LABEL = 'multi_label_classification';
const SINGLE_LABEL = 'single_label_classification';

/** The files Hugging Face's library expects of a model for sequence classification. */
export function toFiles(parts: ClassifierParts): Map<string, Uint8Array> {
  const { model, tokenizer, labels, multiLabel, maxLength, truncationSide } = parts;
  const isBert = model.config.type === 'bert';
  const config = writeHfConfig({
    ...encoderConfigToHf(model.config),
    architectures: [
      isBert ? 'BertForSequenceClassification' : 'TransformerForSequenceClassification',
    ],
    classifierDropout: model.classifierDropout,
    problemType: multiLabel ? MULTI_LABEL : SINGLE_LABEL,
    ...labelsToConfig(labels),
  });
  return new Map([
    ...toTokenizerFiles(tokenizer, {
      model_max_length: maxLength,
      truncation_side: truncationSide,
    }),
    ['model.safetensors', writeSafetensors(model.toSafetensors(), { format: 'pt' })],
    ['config.json', config],
  ]);
}

/** What the files of a saved classifier hold. */
export interface SavedClassifier extends Omit<ClassifierParts, 'model'> {
  readonly model: Omit<SequenceClassifierOptions, 'numLabels'>;
  readonly weights: SavedWeights;
}

/** Reads the files. The engine need not run: their reading and its start take place together. */
export function readClassifierFiles(
  files: ReadonlyMap<string, Uint8Array>,
  location: string,
): SavedClassifier {
  const nameOf = (file: string) => `${file} in ${location}`;
  const config = readHfConfig(files.get('config.json')!, nameOf('config.json'));
  const labels = labelsFromConfig(config, nameOf('config.json'));
  if (labels === undefined) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${nameOf('config.json')} has no id2label: this is no model for text classification.`,
    );
  }
  checkKindOfHead(config, labels, nameOf('config.json'));
  const encoder = encoderConfigFromHf(config, nameOf('config.json'));
  const { tokenizer, config: tokenizerConfig } = readTokenizerFiles(files, nameOf);
  checkPadding(tokenizer, nameOf('tokenizer.json'));
  if (tokenizer.vocabSize > encoder.vocabSize) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${nameOf('tokenizer.json')} has ${tokenizer.vocabSize} tokens, the model's vocab_size is ${encoder.vocabSize}: they do not belong together.`,
    );
  }
  const maxLength = maxLengthOf(tokenizerConfig.model_max_length, nameOf('tokenizer_config.json'));
  const truncationSide = sideOf(tokenizerConfig.truncation_side, nameOf('tokenizer_config.json'));
  const { tensors } = readSafetensors(files.get('model.safetensors')!, nameOf('model.safetensors'));
  const { classifierDropout } = config;
  return {
    model: { encoder, ...(typeof classifierDropout === 'number' && { classifierDropout }) },
    weights: { tensors, file: nameOf('model.safetensors') },
    tokenizer,
    labels,
    multiLabel: config.problemType === MULTI_LABEL,
    maxLength: Math.min(maxLength, encoder.maxPositionEmbeddings),
    truncationSide,
  };
}

/** @throws AnyformerError `INVALID_FILE` for weights that do not fit; none are kept then. */
export function openClassifier({ model, weights, ...parts }: SavedClassifier): ClassifierParts {
  const options = { ...model, numLabels: parts.labels.length };
  return { ...parts, model: new SequenceClassifier(options, weights) };
}

function checkKindOfHead(config: JsonObject, labels: readonly string[], name: string): void {
  const { problemType } = config;
  if (problemType != null && problemType !== SINGLE_LABEL && problemType !== MULTI_LABEL) {
    throw new AnyformerError(
      'UNSUPPORTED',
      `${name}: problem_type ${show(problemType)} is not served, only '${SINGLE_LABEL}' and '${MULTI_LABEL}'.`,
    );
  }
  if (labels.length >= 2) return;
  throw new AnyformerError(
    'UNSUPPORTED',
    `${name} has ${labels.length === 0 ? 'no label' : `the one label ${show(labels[0])}`}; a classifier needs at least two. Load a model with more.`,
  );
}

/** Hugging Face writes 1e30 where there is no limit but the positions. */
function maxLengthOf(limit: unknown, name: string): number {
  if (limit === undefined || limit === null) return Infinity;
  if (typeof limit === 'number' && limit >= 1) return Math.floor(limit);
  throw new AnyformerError(
    'INVALID_FILE',
    `${name}: model_max_length must be a number of at least 1, is ${show(limit)}.`,
  );
}

function sideOf(side: unknown, name: string): Side {
  if (side === undefined || side === null) return 'right';
  if (side === 'left' || side === 'right') return side;
  throw new AnyformerError(
    'INVALID_FILE',
    `${name}: truncation_side must be 'left' or 'right', is ${show(side)}.`,
  );
}

/**
 * Takes the weights of a checkpoint over into a classifier of the same labels and vocabulary.
 * @throws AnyformerError `INVALID_ARGUMENT` for others; nothing has changed then.
 */
export function restoreWeights(
  { model, tokenizer, labels }: ClassifierParts,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const saved = readClassifierFiles(files, 'the checkpoint');
  if (JSON.stringify(saved.labels) !== JSON.stringify(labels)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint is of the labels ${show(saved.labels)}, this classifier of ${show(labels)}; resume with the labels and examples of the first run.`,
    );
  }
  if (!isSameTokenizer(saved.tokenizer, tokenizer)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint has another vocabulary (${saved.tokenizer.vocabSize} tokens) than this classifier (${tokenizer.vocabSize}); resume with the examples of the first run, or load the checkpoint's own folder and go on with that.`,
    );
  }
  model.loadSafetensors(saved.weights.tensors, saved.weights.file);
}
