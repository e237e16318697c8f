import { article } from './article.mjs';

/** The scores of a prediction in the order of the labels, as logits are. */
export function probabilitiesOf(scores) {
  return article.labels.map((label) => scores.find((one) => one.label === label).score);
}

/** Of logits, (B, C), row by row. */
export function softmaxOf(logits) {
  const classes = article.labels.length;
  const powers = Array.from(logits, Math.exp);
  const sumOf = (i) => {
    const first = i - (i % classes);
    return powers.slice(first, first + classes).reduce((a, b) => a + b);
  };
  return powers.map((power, i) => power / sumOf(i));
}
