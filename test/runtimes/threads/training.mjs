import { digest } from './digest.mjs';

/**
 * Trains a classifier on so many threads, the same in every runtime. It names no host: a host hands it
 * the package and takes back what it returns.
 *
 * @param {{ anyformer: typeof import('anyformer') }} entries
 * @param {import('anyformer').EngineOptions} options
 */
export async function training({ anyformer: { createEngine, TextClassifier } }, options) {
  const engine = await createEngine(options);
  const newClassifier = () =>
    TextClassifier.create({
      maxLength: 48,
      tokenizer: { type: 'wordpiece', vocabSize: 300 },
      encoder: {
        hiddenSize: 96,
        numAttentionHeads: 4,
        intermediateSize: 200,
        dropout: 0.1,
        pooling: 'mean',
        hiddenAct: 'relu',
      },
      seed: 5,
    });
  await untilAllRun(engine, await newClassifier());
  const classifier = await newClassifier();
  const losses = await train(classifier);
  const files = new Map();
  await classifier.save(files);
  const scores = await classifier.predict(examples.map(({ text }) => text));
  return {
    runtime: engine.info().runtime,
    threads: engine.info().threads,
    relaxed: engine.info().relaxedSimd.enabled,
    losses,
    weights: await digest(files.get('model.safetensors')),
    scores: await digest(new TextEncoder().encode(JSON.stringify(scores))),
  };
}

/** Even and odd words. */
const examples = Array.from({ length: 64 }, (_, n) => ({
  text: Array.from({ length: 40 }, (_, i) => `w${2 * ((n * 7 + i * i * 3) % 45) + (n % 2)}`).join(
    ' ',
  ),
  label: n % 2 ? 'odd' : 'even',
}));

async function train(classifier) {
  const losses = [];
  await classifier.train(examples, {
    epochs: 3,
    validationSplit: 0,
    batchSize: 16,
    learningRate: 1e-3,
    seed: 3,
    onProgress: (progress) => progress.phase === 'train' && losses.push(progress.loss),
  });
  return losses;
}

/** Threads are started once there is work for them, and take part when they are there. */
async function untilAllRun(engine, classifier) {
  const end = performance.now() + 20_000;
  const isWaiting = ({ count, running }) => running < count && performance.now() < end;
  while (isWaiting(engine.info().threads)) {
    await train(classifier);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  classifier.dispose();
}
