/**
 * The same calls in Deno: trains on a few sentences, saves, loads and labels.
 *
 *   deno task start [TEXT]
 */
import { createEngine, TextClassifier } from 'anyformer';

const WEATHER = {
  cold: [
    'Ice on the pond.',
    'Snow fell all night.',
    'Frost on the window.',
    'A freezing wind.',
    'We skated on the frozen lake.',
    'Icicles hang from the roof.',
    'A cold wind from the north.',
    'Snow and sleet all day.',
    'The pond is frozen.',
    'My fingers were freezing.',
    'Frost and a cold night.',
    'A blizzard with deep snow.',
  ],
  warm: [
    'Sand and a hot sun.',
    'Heat over the town.',
    'A summer evening.',
    'A mild breeze.',
    'We swam in the warm sea.',
    'The sun burned all day.',
    'A hot wind from the south.',
    'Warm and sunny all day.',
    'The town lay in the heat.',
    'A heat wave in summer.',
    'Sun and a warm night.',
    'Hot sand under our feet.',
  ],
};
const examples = Object.entries(WEATHER).flatMap(([label, texts]) =>
  texts.map((text) => ({ text, label })),
);
const [text = 'Snow and ice!'] = Deno.args;

console.log(String(await createEngine()));
const classifier = await TextClassifier.create();
const { heldOut } = await classifier.train(examples);
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
