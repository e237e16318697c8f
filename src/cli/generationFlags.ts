import { boolean, json, number } from './options.ts';

/** How a text is searched for: what they mean is in tasks/generation/generationOptions.ts. */
export const searchFlags = {
  maxNewTokens: number(
    'The most tokens to write. Default: 100; for translation the --max-length of the model',
  ),
  minNewTokens: number('The fewest tokens to write before the text may end. Default: 0'),
  doSample: boolean('Draw each token at random, by its probability. Default: take the likeliest'),
  temperature: number(
    'With --do-sample: below 1 the likely tokens are drawn more often, above 1 less. Default: 1',
  ),
  topK: number('With --do-sample: draw from the N likeliest tokens; 0 = from all. Default: 50'),
  topP: number(
    'With --do-sample: draw from the likeliest tokens whose probabilities sum up to N. Default: 1',
  ),
  minP: number(
    'With --do-sample: leave out tokens below N times the probability of the likeliest. Default: 0',
  ),
  typicalP: number(
    'With --do-sample: draw from the most typical tokens whose probabilities sum up to N. Default: 1',
  ),
  seed: number(
    'With --do-sample: the same seed gives the same text. Default: a new one every time',
  ),
  repetitionPenalty: number('Above 1, tokens that have occurred become less likely. Default: 1'),
  noRepeatNgramSize: number('No N tokens in a row occur twice; 0 = no limit. Default: 0'),
  badWordsIds: json('Token ids of words that must not occur: [[12],[7,8]]. Default: none'),
  forcedBosTokenId: number('Id of the token that the text must begin with. Default: none'),
  forcedEosTokenId: number(
    'Id of the token that ends a text of the greatest length. Default: none',
  ),
  numBeams: number(
    'Beam search: how many texts to follow at once; 1 = no beam search. Default: 1; for translation 4',
  ),
  lengthPenalty: number('With beams: above 0 favors long texts, below 0 short ones. Default: 1'),
  earlyStopping: json(
    'With beams: stop at --num-beams finished texts = true, when a better one is unlikely = false, impossible = never. Default: false',
  ),
};

/** Those of texts that continue a prompt. */
export const generationFlags = {
  ...searchFlags,
  stopStrings: json(
    'End the text after this string, or one of several: END or ["\\n","END"]. Default: none',
  ),
  eosTokenId: json("Id of the token that ends a text, or a list of them. Default: the model's"),
  numReturnSequences: number('Texts for each prompt. Default: 1'),
};
