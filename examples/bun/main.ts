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
const classifier = await TextClassifier.create();
const { heldOut } = await classifier.train(table);
if (heldOut) {
  const [low, high] = heldOut.accuracyInterval.map((share) => share.toFixed(2));
  console.log(`right on held-out texts: ${heldOut.accuracy.toFixed(2)} (${low} to ${high})`);
}
await classifier.save('model');
classifier.dispose();

const again = await TextClassifier.load('model');
for (const { label, score } of await again.predict(text)) {
  console.log(`${label} ${score.toFixed(2)}  ${text}`);
}
again.dispose();
