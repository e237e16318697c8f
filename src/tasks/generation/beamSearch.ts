import { mixSeeds, Random } from '../../core/random.ts';
import { BeamHypotheses } from './beamHypotheses.ts';
import { advance, type Decoding } from './decoding.ts';
import type { GeneratedSequence } from './generatedSequence.ts';
import { nothingLeft } from './sampleSearch.ts';
import type { NextScores, SearchContext } from './searchContext.ts';

interface Beam {
  readonly ids: readonly number[];
  readonly logProbs: readonly number[];
  /** The sum of its processed log-probabilities. */
  readonly sum: number;
  /** Its row of the logits. */
  readonly row: number;
}

/** A way to go on: a token after a beam. */
interface Candidate {
  readonly beam: number;
  readonly id: number;
  readonly sum: number;
  /** What candidates are chosen by: the sum, or that with noise. */
  readonly key: number;
}

interface Search {
  readonly promptLength: number;
  readonly finished: BeamHypotheses;
  readonly random: Random;
  beams: Beam[];
}

/** What beams of the same prompt begin with, except the first. */
const UNLIKELY = -1e9;

/**
 * The likeliest sequences that `numBeams` beams find for each prompt, best first; with `doSample`
 * their tokens are drawn, by Gumbel noise on their scores (Kool et al., 2019).
 *
 * @see Hugging Face's BeamSearchScorer, whose scores and sequences these are.
 */
export async function beamSearch(
  decoding: Decoding,
  prompts: readonly (readonly number[])[],
  context: SearchContext,
): Promise<GeneratedSequence[][]> {
  const { numBeams, numReturnSequences, seed } = context.options;
  const searches = prompts.map(
    (prompt, index): Search => ({
      promptLength: prompt.length,
      finished: new BeamHypotheses(context.options),
      random: new Random(mixSeeds(seed, 0)),
      beams: Array.from({ length: numBeams }, (_, i) => ({
        ids: prompt,
        logProbs: [],
        sum: i === 0 ? 0 : UNLIKELY,
        row: index,
      })),
    }),
  );
  let logits = decoding.start(prompts);
  let going = searches;
  for (;;) {
    await context.breathe();
    for (const search of going) extend(search, logits, decoding.vocabSize, context);
    going = going.filter(({ finished, beams }) => !finished.isDone && beams.length > 0);
    if (going.length === 0) break;
    const beams = going.flatMap((search) => search.beams);
    decoding.reorder(beams.map(({ row }) => row));
    logits = advance(
      decoding,
      beams.map(({ ids }) => ids),
    );
    let row = 0;
    for (const search of going)
      search.beams = search.beams.map((beam) => ({ ...beam, row: row++ }));
  }
  return searches.map(({ finished }) => finished.best(numReturnSequences));
}

/** One more token for each beam of a prompt. */
function extend(search: Search, logits: Float32Array, V: number, context: SearchContext): void {
  const { promptLength, finished, beams } = search;
  const { numBeams, maxNewTokens, eosTokenId } = context.options;
  const next = beams.map(({ ids, row }) =>
    context.nextScores(ids, promptLength, logits.subarray(row * V, row * V + V), true),
  );
  // So many that numBeams are left when all ends are among them.
  const candidates = choose(search, next, Math.max(2, 1 + eosTokenId.length) * numBeams, context);
  if (candidates.length === 0) throw nothingLeft();
  const kept: Beam[] = [];
  for (const [rank, { beam, id, sum }] of candidates.entries()) {
    const { ids, logProbs, row } = beams[beam]!;
    const longer = [...ids, id];
    const logs = [...logProbs, next[beam]!.logProb(id)];
    const finish = context.finishOf(longer, promptLength);
    if (finish === 'eos' || finish === 'stop') {
      if (rank < numBeams) finished.add(longer.slice(promptLength), finish, logs, sum);
      continue;
    }
    kept.push({ ids: longer, logProbs: logs, sum, row });
    if (kept.length === numBeams) break;
  }
  search.beams = kept;
  const length = beams[0]!.ids.length + 1 - promptLength;
  finished.close(candidates[0]!.sum, length);
  if (length < maxNewTokens && kept.length > 0) return;
  if (!finished.isDone) {
    for (const { ids, logProbs, sum } of kept) {
      finished.add(ids.slice(promptLength), 'length', logProbs, sum);
    }
  }
  search.beams = [];
}

/** The `count` best ways to go on, best first. */
function choose(
  { beams, random }: Search,
  next: readonly NextScores[],
  count: number,
  { options: { doSample } }: SearchContext,
): Candidate[] {
  const best: Candidate[] = [];
  next.forEach(({ scores }, beam) => {
    const { sum: before } = beams[beam]!;
    for (let id = 0; id < scores.length; id++) {
      if (scores[id] === -Infinity) continue;
      const sum = before + scores[id]!;
      const key = doSample ? sum + gumbel(random) : sum;
      if (best.length === count && key <= best[count - 1]!.key) continue;
      let place = best.length;
      while (place > 0 && best[place - 1]!.key < key) place--;
      best.splice(place, 0, { beam, id, sum, key });
      if (best.length > count) best.pop();
    }
  });
  return doSample ? best.sort((a, b) => b.sum - a.sum) : best;
}

const gumbel = (random: Random) => -Math.log(-Math.log(1 - random.uniform() || 2 ** -25));
