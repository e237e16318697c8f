import { boolean, json, number } from './options.ts';

/** How a text is searched for: what they mean is in tasks/generation/generationOptions.ts. */
export const searchFlags = {
  maxNewTokens: number('The most tokens to write. Default: 100; translations --max-length'),
  minNewTokens: number('No end before so many. Default: 0'),
  doSample: boolean('Draw each token by its probability'),
  temperature: number('Of --do-sample: scores are divided by it. Default: 1'),
  topK: number('Of --do-sample: among so many likeliest tokens; 0 = all. Default: 50'),
  topP: number('Of --do-sample: among the likeliest of this probability together. Default: 1'),
  minP: number('Of --do-sample: at least so many times as likely as the likeliest. Default: 0'),
  typicalP: number('Of --do-sample: of expected surprise. Default: 1'),
  seed: number('Of --do-sample: the same draws the same. Default: another every time'),
  repetitionPenalty: number('Above 1, what has occurred becomes less likely. Default: 1'),
  noRepeatNgramSize: number('So many tokens in a row occur once. Default: 0, no limit'),
  badWordsIds: json('Token ids of words that must not occur: [[12],[7,8]]'),
  forcedBosTokenId: number('The first token'),
  forcedEosTokenId: number('The token in the last place of a text as long as it may be'),
  numBeams: number('Sequences that are followed. Default: 1; translations 4'),
  lengthPenalty: number('Of beams: compared by log-probability / length^N. Default: 1'),
  earlyStopping: json('Of beams: when they are given up: true, false or never. Default: false'),
};

/** Those of texts that are written on from a prompt. */
export const generationFlags = {
  ...searchFlags,
  stopStrings: json('End after this, or one of several: END or ["\\n","END"]'),
  eosTokenId: json("The token that ends a text, or a list. Default: the model's"),
  numReturnSequences: number('Texts for each prompt. Default: 1'),
};
