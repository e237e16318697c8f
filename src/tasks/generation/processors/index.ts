import type { ParsedGeneration } from '../generationOptions.ts';
import type { LogitsProcessor } from '../logitsProcessor.ts';
import { badWords } from './badWords.ts';
import { checked } from './checked.ts';
import { forcedToken } from './forcedToken.ts';
import { minNewTokens } from './minNewTokens.ts';
import { minP } from './minP.ts';
import { noRepeatNgram } from './noRepeatNgram.ts';
import { repetitionPenalty } from './repetitionPenalty.ts';
import { temperature } from './temperature.ts';
import { topK } from './topK.ts';
import { topP } from './topP.ts';
import { typicalP } from './typicalP.ts';

/** A processor of the options, or undefined where they ask for none. */
type Row = (options: ParsedGeneration) => LogitsProcessor | undefined;

/** In the order in which Hugging Face applies them. */
const always: readonly Row[] = [
  ({ repetitionPenalty: x }) => (x === 1 ? undefined : repetitionPenalty(x)),
  ({ noRepeatNgramSize: x }) => (x === 0 ? undefined : noRepeatNgram(x)),
  ({ badWordsIds: x }) => x && badWords(x),
  ({ minNewTokens: x, eosTokenId }) => (x === 0 ? undefined : minNewTokens(x, eosTokenId)),
  ({ forcedBosTokenId: x }) => (x === undefined ? undefined : forcedToken(x, 0)),
  ({ forcedEosTokenId: x }) => (x === undefined ? undefined : forcedToken(x, -1)),
];

const whileSampling: readonly Row[] = [
  ({ temperature: x }) => (x === 1 ? undefined : temperature(x)),
  ({ topK: x }) => (x === 0 ? undefined : topK(x)),
  ({ topP: x }) => (x === 1 ? undefined : topP(x)),
  ({ minP: x }) => (x === 0 ? undefined : minP(x)),
  ({ typicalP: x }) => (x === 1 ? undefined : typicalP(x)),
];

/** All processors that the options ask for; the user's own come before those of sampling. */
export function makeProcessors(options: ParsedGeneration): LogitsProcessor[] {
  const made = (rows: readonly Row[]) => rows.flatMap((row) => row(options) ?? []);
  return [
    ...made(always),
    ...options.logitsProcessors.map((own, i) => checked(own, `logitsProcessors[${i}]`)),
    ...(options.doSample ? made(whileSampling) : []),
  ];
}
