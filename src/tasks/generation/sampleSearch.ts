import { AnyformerError } from '../../core/errors.ts';
import { mixSeeds, Random } from '../../core/random.ts';
import { advance, type Decoding } from './decoding.ts';
import type { FinishReason, GeneratedSequence } from './generatedSequence.ts';
import { logSumExp } from './logitsProcessor.ts';
import type { SearchContext } from './searchContext.ts';

/** A token, as it comes. */
export interface TokenEvent {
  /** Which sequence: those of the first prompt come first. */
  readonly row: number;
  readonly id: number;
  /** Where it is the last one. */
  readonly sequence?: GeneratedSequence | undefined;
}

interface Row {
  readonly index: number;
  readonly ids: number[];
  readonly promptLength: number;
  readonly logProbs: number[];
  readonly random: Random;
}

/**
 * One token after the other for each row: the likeliest, or one drawn by its probability.
 *
 * A sequence's draws depend on the seed and on which of its prompt's sequences it is, not on what
 * other prompts there are.
 */
export async function* sampleSearch(
  decoding: Decoding,
  prompts: readonly (readonly number[])[],
  context: SearchContext,
): AsyncGenerator<TokenEvent> {
  const { numReturnSequences, seed } = context.options;
  const { vocabSize: V } = decoding;
  const copies = prompts.flatMap((_, prompt) => Array<number>(numReturnSequences).fill(prompt));
  let alive: Row[] = copies.map((prompt, index) => ({
    index,
    ids: [...prompts[prompt]!],
    promptLength: prompts[prompt]!.length,
    logProbs: [],
    random: new Random(mixSeeds(seed, index % numReturnSequences)),
  }));
  let logits = decoding.start(prompts);
  let rowOf: readonly number[] = copies;
  if (numReturnSequences > 1) decoding.reorder(copies);
  while (alive.length > 0) {
    await context.breathe();
    const going: number[] = [];
    const events: TokenEvent[] = [];
    for (const [place, row] of alive.entries()) {
      const first = rowOf[place]! * V;
      const finish = extend(row, logits.subarray(first, first + V), context);
      if (!finish) going.push(place);
      const sequence = finish && finished(row, finish);
      events.push({ row: row.index, id: row.ids.at(-1)!, sequence });
    }
    yield* events;
    if (going.length < alive.length && going.length > 0) decoding.reorder(going);
    alive = going.map((place) => alive[place]!);
    if (alive.length === 0) break;
    logits = advance(
      decoding,
      alive.map(({ ids }) => ids),
    );
    rowOf = [...alive.keys()];
  }
}

/** Appends the next token. @returns why it was the last, where it was. */
function extend(row: Row, logits: Float32Array, context: SearchContext): FinishReason | undefined {
  const { ids, promptLength, logProbs, random } = row;
  const { scores, logProb } = context.nextScores(ids, promptLength, logits, false);
  const id = context.options.doSample ? draw(scores, random) : likeliest(scores);
  ids.push(id);
  logProbs.push(logProb(id));
  return context.finishOf(ids, promptLength);
}

function finished(
  { ids, promptLength, logProbs }: Row,
  finishReason: FinishReason,
): GeneratedSequence {
  const score = logProbs.reduce((sum, x) => sum + x, 0);
  return { tokenIds: ids.slice(promptLength), finishReason, logProbs, score };
}

/** The first of the highest scores. */
function likeliest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  if (scores[best] === -Infinity) throw nothingLeft();
  return best;
}

/** A token by its probability: the first whose sum with those before it passes a uniform number. */
function draw(scores: Float32Array, random: Random): number {
  const total = logSumExp(scores);
  if (total === -Infinity) throw nothingLeft();
  const mark = random.uniform();
  let sum = 0;
  let last = 0;
  for (let i = 0; i < scores.length; i++) {
    if (scores[i] === -Infinity) continue;
    last = i;
    sum += Math.exp(scores[i]! - total);
    if (sum > mark) return i;
  }
  // Rounding may leave the sum just below the mark.
  return last;
}

export function nothingLeft(): AnyformerError {
  return new AnyformerError(
    'INVALID_ARGUMENT',
    'The options rule out every token (badWordsIds, noRepeatNgramSize, minNewTokens, processors of your own); loosen one of them.',
  );
}
