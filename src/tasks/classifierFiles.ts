import { AnyformerError, show } from '../core/errors.ts';
import {
  labelsFromConfig,
  labelsToConfig,
  readHfConfig,
  writeHfConfig,
} from '../formats/hfConfig.ts';
import { isJsonObject, type JsonObject } from '../formats/json.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import { int32Tensor, toInt32 } from '../formats/tensorData.ts';
import { encoderConfigFromHf, encoderConfigToHf } from '../models/encoderConfig.ts';
import { KnownWords } from '../models/knownWords.ts';
import { NgramsClassifier, type NgramsModelConfig } from '../models/ngrams/ngramsClassifier.ts';
import { type NgramsOptions, parseNgramsConfig } from '../models/ngrams/ngramsConfig.ts';
import type { SavedWeights } from '../models/parameterStore.ts';
import {
  SequenceClassifier,
  type SequenceClassifierOptions,
} from '../models/sequenceClassifier.ts';
import type { Side } from '../tokenizers/index.ts';
import type { Mixture } from './classification/calibrate.ts';
import {
  ClassifierModel,
  type ClassifierParts,
  type EncoderPart,
} from './classification/classifierModel.ts';
import { checkPadding } from './classifierTokenizer.ts';
import { isSameTokenizer, readTokenizerFiles, toTokenizerFiles } from './tokenizerFiles.ts';

/** The files of a saved classifier besides config.json. */
export const CLASSIFIER_FILES = {
  required: ['model.safetensors'],
  optional: ['tokenizer.json', 'tokenizer_config.json', 'anyformer.safetensors'],
} as const;

/** What only this library knows of a classifier: beside Hugging Face's files, which stay theirs. */
const OWN_FILE = 'anyformer.safetensors';
const KNOWN_WORDS = 'known_words';
const NGRAMS_TYPE = 'ngrams';

const MULTI_LABEL = 'multi_label_classification';
const SINGLE_LABEL = 'single_label_classification';

/** The files Hugging Face's library expects of a model for sequence classification. */
export function toFiles({
  model,
  labels,
  multiLabel,
  knownWords,
}: ClassifierParts): Map<string, Uint8Array> {
  const { ngrams, encoder, mixture } = model;
  const config = writeHfConfig({
    ...(encoder ? encoderToConfig(encoder) : ngramsToConfig()),
    problemType: multiLabel ? MULTI_LABEL : SINGLE_LABEL,
    ...labelsToConfig(labels),
    anyformer: {
      classifier: {
        mixture: {
          ...(ngrams && { ngrams: mixture.ngrams }),
          ...(encoder && { encoder: mixture.encoder }),
        },
        ...(ngrams && { ngrams: ngrams.config }),
      },
    },
  });
  const tensors = new Map([
    ...(encoder?.model.toSafetensors() ?? []),
    ...(ngrams?.toSafetensors() ?? []),
  ]);
  const files = new Map(encoder ? encoderTokenizerFiles(encoder) : []);
  if (knownWords) {
    const { hashes } = knownWords;
    const words = new Map([[KNOWN_WORDS, int32Tensor(hashes, [hashes.length])]]);
    files.set(OWN_FILE, writeSafetensors(words));
  }
  files.set('model.safetensors', writeSafetensors(tensors, { format: 'pt' }));
  files.set('config.json', config);
  return files;
}

function encoderToConfig({ model }: EncoderPart): JsonObject {
  const isBert = model.config.type === 'bert';
  return {
    ...encoderConfigToHf(model.config),
    architectures: [
      isBert ? 'BertForSequenceClassification' : 'TransformerForSequenceClassification',
    ],
    classifierDropout: model.classifierDropout,
  };
}

const ngramsToConfig = (): JsonObject => ({
  modelType: NGRAMS_TYPE,
  architectures: ['NgramsForSequenceClassification'],
});

function encoderTokenizerFiles({ tokenizer, maxLength, truncationSide }: EncoderPart) {
  return toTokenizerFiles(tokenizer, {
    model_max_length: maxLength,
    truncation_side: truncationSide,
  });
}

/** What the files of a saved classifier hold. */
export interface SavedClassifier extends Omit<ClassifierParts, 'model'> {
  readonly encoder:
    | (Omit<EncoderPart, 'model'> & {
        readonly model: Omit<SequenceClassifierOptions, 'numLabels'>;
      })
    | undefined;
  readonly ngrams: NgramsClassifier | undefined;
  readonly mixture: Mixture;
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
  const multiLabel = config.problemType === MULTI_LABEL;
  const own = ownConfig(config, nameOf('config.json'));
  const encoder = config.modelType === NGRAMS_TYPE ? undefined : readEncoder(files, config, nameOf);
  const weightsFile = nameOf('model.safetensors');
  const { tensors } = readSafetensors(files.get('model.safetensors')!, weightsFile);
  if (!encoder && !own.ngrams) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${nameOf('config.json')} is of the type '${NGRAMS_TYPE}' and says nothing of its n-grams (anyformer.classifier.ngrams); it may be torn.`,
    );
  }
  const ngrams =
    own.ngrams &&
    NgramsClassifier.fromSafetensors(own.ngrams, labels.length, multiLabel, tensors, weightsFile);
  return {
    encoder,
    ngrams,
    mixture: own.mixture,
    weights: {
      tensors: new Map([...tensors].filter(([name]) => !name.startsWith('ngrams.'))),
      file: weightsFile,
    },
    labels,
    multiLabel,
    knownWords: readKnownWords(files.get(OWN_FILE), nameOf(OWN_FILE)),
  };
}

function readEncoder(
  files: ReadonlyMap<string, Uint8Array>,
  config: JsonObject,
  nameOf: (file: string) => string,
): SavedClassifier['encoder'] {
  const encoder = encoderConfigFromHf(config, nameOf('config.json'));
  if (!files.has('tokenizer.json')) {
    throw new AnyformerError(
      'STORAGE',
      `There is no ${nameOf('tokenizer.json')}; a model of the type ${show(config.modelType)} needs one.`,
    );
  }
  const { tokenizer, config: tokenizerConfig } = readTokenizerFiles(files, nameOf);
  checkPadding(tokenizer, nameOf('tokenizer.json'));
  if (tokenizer.vocabSize > encoder.vocabSize) {
    throw new AnyformerError(
      'INVALID_FILE',
      `${nameOf('tokenizer.json')} has ${tokenizer.vocabSize} tokens, the model's vocab_size is ${encoder.vocabSize}: they do not belong together.`,
    );
  }
  const maxLength = maxLengthOf(tokenizerConfig.model_max_length, nameOf('tokenizer_config.json'));
  const { classifierDropout } = config;
  return {
    model: { encoder, ...(typeof classifierDropout === 'number' && { classifierDropout }) },
    tokenizer,
    maxLength: Math.min(maxLength, encoder.maxPositionEmbeddings),
    truncationSide: sideOf(tokenizerConfig.truncation_side, nameOf('tokenizer_config.json')),
  };
}

/** The part of config.json that this library adds, which a model from elsewhere has not. */
function ownConfig(
  config: JsonObject,
  name: string,
): { mixture: Mixture; ngrams: NgramsModelConfig | undefined } {
  const own = isJsonObject(config.anyformer) ? config.anyformer.classifier : undefined;
  if (own === undefined) return { mixture: { ngrams: 1, encoder: 1 }, ngrams: undefined };
  const fail = (what: string, value: unknown) =>
    new AnyformerError('INVALID_FILE', `${name}: anyformer.classifier.${what}, is ${show(value)}.`);
  if (!isJsonObject(own) || !isJsonObject(own.mixture)) {
    throw fail('mixture must be an object', own);
  }
  const shareOf = (part: 'ngrams' | 'encoder') => {
    const share = (own.mixture as JsonObject)[part] ?? 1;
    if (typeof share === 'number' && Number.isFinite(share) && share >= 0) return share;
    throw fail(`mixture.${part} must be a finite number of at least 0`, share);
  };
  const mixture = { ngrams: shareOf('ngrams'), encoder: shareOf('encoder') };
  if (own.ngrams === undefined) return { mixture, ngrams: undefined };
  if (!isJsonObject(own.ngrams)) throw fail('ngrams must be an object', own.ngrams);
  try {
    const options = { ...own.ngrams, type: 'ngrams' } as unknown as NgramsOptions;
    const where = `${name}: anyformer.classifier.ngrams`;
    const config = parseNgramsConfig(options, where);
    const { characterNgrams, minFrequency } = config;
    if (!characterNgrams) throw fail('ngrams.characterNgrams must be there', undefined);
    if (!minFrequency) throw fail('ngrams.minFrequency must be there', undefined);
    return { mixture, ngrams: { ...config, characterNgrams, minFrequency } };
  } catch (cause) {
    if (!(cause instanceof AnyformerError)) throw cause;
    throw new AnyformerError('INVALID_FILE', cause.message, { cause });
  }
}

function readKnownWords(bytes: Uint8Array | undefined, name: string): KnownWords | undefined {
  if (bytes === undefined) return undefined;
  const hashes = readSafetensors(bytes, name).tensors.get(KNOWN_WORDS);
  if (hashes?.dtype === 'I32') return new KnownWords(toInt32(hashes));
  throw new AnyformerError('INVALID_FILE', `${name} has no ${KNOWN_WORDS} of I32; it may be torn.`);
}

/** @throws AnyformerError `INVALID_FILE` for weights that do not fit; none are kept then. */
export function openClassifier({
  encoder,
  ngrams,
  mixture,
  weights,
  ...parts
}: SavedClassifier): ClassifierParts {
  const part = encoder && {
    ...encoder,
    model: new SequenceClassifier({ ...encoder.model, numLabels: parts.labels.length }, weights),
  };
  return { ...parts, model: new ClassifierModel(ngrams, part, mixture) };
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
  { model: { encoder }, labels }: ClassifierParts,
  files: ReadonlyMap<string, Uint8Array>,
): void {
  const saved = readClassifierFiles(files, 'the checkpoint');
  if (JSON.stringify(saved.labels) !== JSON.stringify(labels)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint is of the labels ${show(saved.labels)}, this classifier of ${show(labels)}; resume with the labels and examples of the first run.`,
    );
  }
  if (!encoder || !saved.encoder) {
    const [there, here] = saved.encoder ? ['an encoder', 'none'] : ['no encoder', 'one'];
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint has ${there}, this classifier ${here}; resume with the options of the first run.`,
    );
  }
  if (!isSameTokenizer(saved.encoder.tokenizer, encoder.tokenizer)) {
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `The checkpoint has another vocabulary (${saved.encoder.tokenizer.vocabSize} tokens) than this classifier (${encoder.tokenizer.vocabSize}); resume with the examples of the first run, or load the checkpoint's own folder and go on with that.`,
    );
  }
  encoder.model.loadSafetensors(saved.weights.tensors, saved.weights.file);
}
