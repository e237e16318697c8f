import { createEngine, createWorker, TextClassifier } from 'anyformer';

const examples = Array.from({ length: 128 }, (_, n) =>
  n % 2 ? { text: 'ice and snow', label: 'cold' } : { text: 'sun and sand', label: 'warm' },
);

const OPTIONS = {
  maxLength: 64,
  tokenizer: { type: 'wordpiece', vocabSize: 60 },
  encoder: { hiddenSize: 64, numHiddenLayers: 1, numAttentionHeads: 4, intermediateSize: 128 },
};
const TRAINING = { epochs: 4, batchSize: 32, learningRate: 1e-2 };

async function inWorker(worker) {
  const classifier = await TextClassifier.create({ ...OPTIONS, worker });
  await classifier.train(examples, TRAINING);
  const files = new Map();
  await classifier.save(files);
  classifier.dispose();
  const again = await TextClassifier.load(files, { worker });
  const scores = await again.predict(['ice', 'sand']);
  again.dispose();
  return { labels: scores.map(([best]) => best.label) };
}

/** By the program that is the app's own, as the error says where there is no other. */
async function inOwnWorker() {
  const program = new Worker('taskWorker.js', { type: 'module' });
  const worker = await createWorker({ program });
  const found = await inWorker(worker);
  worker.dispose();
  return found;
}

async function run() {
  // Where there may be threads, two of them, however many processors there are.
  const engine = await createEngine({ relaxed: false, threads: 2 });
  const classifier = await TextClassifier.create(OPTIONS);
  const losses = [];
  await classifier.train(examples, {
    ...TRAINING,
    onProgress: ({ phase, loss }) => phase === 'train' && losses.push(loss),
  });
  const scores = await classifier.predict(['ice', 'sand']);
  // A thread is there once its program has come.
  const { threads } = engine.info();
  const end = performance.now() + 10_000;
  while (engine.info().threads.running < threads.count && performance.now() < end) {
    await classifier.train(examples, { epochs: 1, batchSize: 32 });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { labels: scores.map(([best]) => best.label), losses, info: engine.info() };
}

const task = { '#worker': () => inWorker(true), '#own-worker': inOwnWorker }[location.hash] ?? run;

task()
  .then(
    (found) => ['done', JSON.stringify(found)],
    (error) => ['failed', `${error.code} ${error.message}`],
  )
  .then(([state, text]) => {
    document.body.textContent = text;
    document.body.dataset.state = state;
  });
