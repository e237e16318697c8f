import type { LabelScore, TextClassifier } from 'anyformer';

/** A piece of a text. Only words have a worth. */
export interface Piece {
  readonly text: string;
  /** What the score of the best label loses without it; undefined for what is no word, or not tried. */
  readonly worth: number | undefined;
}

/** Words that are tried: each is a prediction. */
export const MOST_WORDS = 60;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'word' });

/**
 * Which words of a text matter for its best label: each is left out once, and the text without it is
 * predicted again, all in one batch.
 */
export async function importanceOf(
  classifier: TextClassifier,
  text: string,
  best: LabelScore,
): Promise<Piece[]> {
  const pieces = [...segmenter.segment(text)];
  const words = pieces.filter(({ isWordLike }) => isWordLike).slice(0, MOST_WORDS);
  if (words.length < 2) return pieces.map(({ segment }) => ({ text: segment, worth: undefined }));
  const without = words.map(
    ({ index, segment }) => text.slice(0, index) + text.slice(index + segment.length),
  );
  const predictions = await classifier.predict(without);
  const worth = new Map(
    words.map((word, n) => {
      const score = predictions[n]!.find(({ label }) => label === best.label)?.score ?? 0;
      return [word.index, best.score - score];
    }),
  );
  return pieces.map(({ segment, index }) => ({ text: segment, worth: worth.get(index) }));
}
