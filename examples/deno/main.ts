/**
 * The same calls in Deno: trains on a few sentences, saves, loads and labels.
 *
 *   deno task start [TEXT]
 */
import { createEngine, TextClassifier } from 'anyformer';

const WEATHER = {
  cold: ['Ice on the pond.', 'Snow fell all night.', 'Frost on the window.', 'A freezing wind.'],
  warm: ['Sand and a hot sun.', 'Heat over the town.', 'A summer evening.', 'A mild breeze.'],
};
const examples = Object.entries(WEATHER).flatMap(([label, texts]) =>
  texts.map((text) => ({ text, label })),
);
const [text = 'Snow and ice!'] = Deno.args;

console.log(String(await createEngine()));
const classifier = await TextClassifier.create({
  maxLength: 16,
  tokenizer: { type: 'wordpiece', vocabSize: 200 },
  encoder: { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 32 },
});
const { logHistory } = await classifier.train(examples, { epochs: 60, learningRate: 1e-2 });
console.log(`loss ${logHistory.at(-1)?.loss?.toFixed(3)}`);
await classifier.save('model');
classifier.dispose();

const again = await TextClassifier.load('model');
for (const { label, score } of await again.predict(text)) {
  console.log(`${label} ${score.toFixed(2)}  ${text}`);
}
again.dispose();
