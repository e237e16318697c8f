export { type TrainByteLevelBPEOptions, trainByteLevelBPE } from './byteLevelBpeTrainer.ts';
export { type TrainCharacterLevelOptions, trainCharacterLevel } from './characterTrainer.ts';
export type {
  EncodeAllOptions,
  EncodeBatchOptions,
  EncodeOptions,
  TextOptions,
} from './encodeOptions.ts';
export type { BatchEncoding, Encoding, PaddingOptions } from './padding.ts';
export { Tokenizer } from './tokenizer.ts';
export type {
  AddedTokenJson,
  PipelineStepJson,
  TokenizerConfigJson,
  TokenizerJson,
} from './tokenizerJson.ts';
export type { TrainVocabularyOptions } from './trainOptions.ts';
export type { Side, TruncationStrategy } from './truncation.ts';
export { type TrainWordPieceOptions, trainWordPiece } from './wordPieceTrainer.ts';
