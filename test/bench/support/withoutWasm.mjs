/**
 * A program that times the model of the spam filter, on WebAssembly or, with the argument
 * `javascript`, where there is none. It sends milliseconds of a prediction and of a training step,
 * and what was predicted.
 */

import { median } from './measure.mjs';
import { spamOptions } from './spamOptions.mjs';

const BATCH = 8;
const ROUNDS = 5;

const [how] = process.argv.slice(2);
// The one build that runs in Node and can do without.
if (how === 'javascript') delete globalThis.WebAssembly;
const { createEngine, TextClassifier } = await import('anyformer/inline');
console.warn = () => {};
const engine = await createEngine({ threads: 1, relaxed: false });

const words = { spam: ['win', 'prize', 'click'], ham: ['patch', 'list', 'build'] };
const examples = Array.from({ length: BATCH }, (_, n) => {
  const label = n % 2 ? 'spam' : 'ham';
  const text = Array.from({ length: 200 }, (_, i) => words[label][(i + n) % 3]).join(' ');
  return { text, label };
});
const texts = examples.map(({ text }) => text);
const classifier = await TextClassifier.create(spamOptions.create);
const train = (epochs) => classifier.train(examples, { batchSize: BATCH, epochs });

await train(1);
const scores = (await classifier.predict(texts)).flat();
const predicting = await time(() => classifier.predict(texts));
// Of a training of three steps less one of one: what comes before the first does not count.
const one = await time(() => train(1));
const three = await time(() => train(3));
process.send({
  backend: engine.info().backend,
  predict: predicting,
  step: (three - one) / 2,
  scores: scores.map(({ score }) => score),
});

async function time(call) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return median(times);
}
