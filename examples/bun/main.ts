/**
 * The same calls in Bun: trains on a table, saves, loads and labels.
 *
 *   bun add anyformer
 *   bun main.ts [TEXT]
 */
import { createEngine, TextClassifier } from 'anyformer';

const [text = 'What a lovely, great film!'] = Bun.argv.slice(2);
const table = new URL('reviews.csv', import.meta.url);

console.log(String(await createEngine()));
const classifier = await TextClassifier.create({
  maxLength: 16,
  tokenizer: { type: 'wordpiece', vocabSize: 200 },
  encoder: { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 32 },
});
const { logHistory } = await classifier.train(table, { epochs: 60, learningRate: 1e-2 });
console.log(`loss ${logHistory.at(-1)?.loss?.toFixed(3)}`);
await classifier.save('model');
classifier.dispose();

const again = await TextClassifier.load('model');
for (const { label, score } of await again.predict(text)) {
  console.log(`${label} ${score.toFixed(2)}  ${text}`);
}
again.dispose();
