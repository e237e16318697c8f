import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergeLearner, type MergeRule } from '../../src/tokenizers/mergeLearner.ts';
import { SymbolTable } from '../../src/tokenizers/symbolTable.ts';

const join = (left: string, right: string) => left + right;

async function learn(words: Map<string, number>, vocabSize: number, rule: MergeRule) {
  const symbols = new SymbolTable();
  for (const letter of [...new Set([...words.keys()].join(''))].sort()) symbols.add(letter);
  const spelled = [...words.keys()].map((word) => [...word].map((c) => symbols.add(c)));
  const learner = new MergeLearner(symbols, spelled, [...words.values()], rule);
  await learner.learn(vocabSize, 1);
  return learner.merges;
}

/** The algorithm as the paper states it: count everything anew before every merge. */
function learnByRescan(words: Map<string, number>, vocabSize: number, byText: boolean) {
  const texts = [...new Set([...words.keys()].join(''))].sort();
  let corpus = [...words].map(([word, count]) => ({ tokens: [...word], count }));
  const merges: [string, string][] = [];
  while (texts.length < vocabSize) {
    const counts = new Map<string, number>();
    for (const { tokens, count } of corpus) {
      for (let i = 1; i < tokens.length; i++) {
        const pair = JSON.stringify([tokens[i - 1], tokens[i]]);
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    const pairs = [...counts].map(([pair, count]) => ({ pair: JSON.parse(pair), count }));
    const order = (text: string) => texts.indexOf(text);
    pairs.sort((a, b) => {
      if (a.count !== b.count) return b.count - a.count;
      for (const i of [0, 1]) {
        if (a.pair[i] === b.pair[i]) continue;
        return byText ? (a.pair[i] > b.pair[i] ? -1 : 1) : order(a.pair[i]) - order(b.pair[i]);
      }
      return 0;
    });
    const best = pairs[0]?.pair as [string, string] | undefined;
    if (best === undefined) break;
    merges.push(best);
    const merged = best.join('');
    if (!texts.includes(merged)) texts.push(merged);
    corpus = corpus.map(({ tokens, count }) => ({ tokens: mergeAll(tokens, best), count }));
  }
  return merges;
}

function mergeAll(tokens: string[], [left, right]: [string, string]): string[] {
  const result: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i] === left && tokens[i + 1] === right) {
      result.push(left + right);
      i++;
    } else result.push(tokens[i]!);
  }
  return result;
}

// Two or three letters: many ties, repeats such as 'aaaa', and tokens built in several ways.
const corpora = fc
  .array(fc.tuple(fc.stringMatching(/^[abc]{1,9}$/), fc.integer({ min: 1, max: 4 })), {
    minLength: 1,
    maxLength: 12,
  })
  .map((entries) => new Map(entries));

describe('MergeLearner', () => {
  it('finds the merges that counting anew before each merge finds, ties by ids', async () => {
    await fc.assert(
      fc.asyncProperty(corpora, async (words) => {
        expect(await learn(words, 30, { join })).toEqual(learnByRescan(words, 30, false));
      }),
      { numRuns: 300 },
    );
  });

  it('finds the merges that counting anew before each merge finds, ties by the greater text', async () => {
    await fc.assert(
      fc.asyncProperty(corpora, async (words) => {
        const merges = await learn(words, 30, { join, sortKey: (token) => token });
        expect(merges).toEqual(learnByRescan(words, 30, true));
      }),
      { numRuns: 300 },
    );
  });

  it('merges a run of one letter from the left', async () => {
    expect(await learn(new Map([['aaaaa', 1]]), 10, { join })).toEqual([
      ['a', 'a'],
      ['aa', 'a'],
      ['aa', 'aaa'],
    ]);
  });
});
