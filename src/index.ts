/** `anyformer`: train and run Transformers on WebAssembly. The public surface, re-exports only. */
export { AnyformerError, type ErrorCode } from './core/errors.ts';
export type { OnProgress, Phase, Progress } from './core/progress.ts';
export type { TrainingWarning, Warned, WarningCode } from './core/warnings.ts';
export type { TextExamples } from './data/collectExamples.ts';
export type { TextExample } from './data/labels.ts';
export type { PairInput, TextPair } from './data/pairs.ts';
export type { ExampleColumns, ExamplesFound } from './data/parseExamples.ts';
export type { PairColumns, PairsFound } from './data/parsePairs.ts';
export { type Split, type SplitOptions, splitExamples } from './data/split.ts';
export type { RowProblem } from './data/table.ts';
export type { Engine, EngineInfo, Feature } from './engine/engine.ts';
export type { EngineOptions } from './engine/engineOptions.ts';
export type { GiveWasm, WasmModules } from './engine/loadWasm.ts';
export type { ActivationName, ActivationOption } from './kernels/activationName.ts';
export { createEngine } from './kernels/createEngine.ts';
export type { DecoderOptions, DecoderType } from './models/decoderConfig.ts';
export type { EncoderOptions, EncoderType } from './models/encoderConfig.ts';
export type { EncoderDecoderOptions, EncoderDecoderType } from './models/encoderDecoderConfig.ts';
export type { NgramsOptions } from './models/ngrams/ngramsConfig.ts';
export type { WasmFile, WasmGiven } from './runtime/runtime.ts';
export type { FileSource } from './storage/fileSource.ts';
export { HttpStorage } from './storage/httpStorage.ts';
export { type KeyValueBinding, KeyValueStorage } from './storage/keyValueStorage.ts';
export { MemoryStorage } from './storage/memoryStorage.ts';
export type { StorageTarget } from './storage/openStorage.ts';
export type { ByteProgress, ReadOptions, Storage } from './storage/storage.ts';
export { type PackedFiles, ZipStorage } from './storage/zipStorage.ts';
export type { HeldOutPrediction, HeldOutResult } from './tasks/classification/heldOut.ts';
export type {
  ClassifierTrainingResult,
  ModelChosen,
} from './tasks/classification/trainingResult.ts';
export type { ClassificationReport } from './tasks/classificationReport.ts';
export type {
  ClassifierTrainingOptions,
  EncoderChoice,
  EvaluateOptions,
  PredictOptions,
  TextClassifierOptions,
  TokenizerOptions,
} from './tasks/classifierOptions.ts';
export { createWorker, type WorkerOptions } from './tasks/createWorker.ts';
export type {
  CorpusFileOptions,
  ExampleFileOptions,
  PairFileOptions,
} from './tasks/fileOptions.ts';
export type { FinishReason, GeneratedSequence } from './tasks/generation/generatedSequence.ts';
export type { GenerationOptions, StoppingCriterion } from './tasks/generation/generationOptions.ts';
export type { LogitsProcessor, ProcessorContext } from './tasks/generation/logitsProcessor.ts';
export type { LabelScore } from './tasks/labelScores.ts';
export type { LanguageModelReport } from './tasks/languageModelReport.ts';
export type { LoadOptions } from './tasks/loadTask.ts';
export type { Corpus } from './tasks/openCorpus.ts';
export type { ExampleSource } from './tasks/openExamples.ts';
export type { PairSource } from './tasks/openPairs.ts';
export { type ReadExamplesOptions, readExamples } from './tasks/readExamples.ts';
export { type ReadPairsOptions, readPairs } from './tasks/readPairs.ts';
export type { TableSource } from './tasks/rowsOf.ts';
export { TextClassifier } from './tasks/textClassifier.ts';
export { type GenerateOptions, type OneText, TextGenerator } from './tasks/textGenerator.ts';
export type {
  EvaluateTextOptions,
  GeneratorTokenizerOptions,
  TextGeneratorOptions,
  TextGeneratorTrainingOptions,
} from './tasks/textGeneratorOptions.ts';
export type { TokenReport, TranslationReport } from './tasks/translationReport.ts';
export { Translator } from './tasks/translator.ts';
export type {
  EvaluateTranslationOptions,
  TranslateOptions,
  TranslatorOptions,
  TranslatorTrainingOptions,
} from './tasks/translatorOptions.ts';
export type { TranslatorTokenizerOptions } from './tasks/translatorTokenizers.ts';
export type { GeneratedText } from './tasks/writeTexts.ts';
export * from './tokenizers/index.ts';
export type { ClassMetrics } from './train/metrics.ts';
export type { OptimizerName } from './train/optimizers/createOptimizer.ts';
export type { LrSchedulerType } from './train/schedules.ts';
export type { TrainingResult } from './train/trainer.ts';
export type { Strategy, TrainingOptions } from './train/trainingOptions.ts';
export type { LogEntry } from './train/trainingState.ts';
export type { TaskWorker, WorkerOption } from './worker/taskWorker.ts';
