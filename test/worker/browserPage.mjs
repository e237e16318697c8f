import * as anyformer from 'anyformer';
import { program, programInWorker } from './program.mjs';

const { createWorker, TextClassifier } = anyformer;

const ENCODER = {
  hiddenSize: 128,
  numHiddenLayers: 2,
  numAttentionHeads: 4,
  intermediateSize: 256,
};
const WORDS = { cold: ['snow', 'ice', 'frost'], warm: ['sun', 'heat', 'summer'] };
const EXAMPLES = Array.from({ length: 512 }, (_, n) => {
  const label = n % 2 ? 'cold' : 'warm';
  const words = Array.from({ length: 60 }, (_, i) => WORDS[label][(n + i) % 3]);
  return { text: words.join(' '), label };
});

/** How many steps a training took. */
async function train(worker) {
  const classifier = await TextClassifier.create({ maxLength: 64, encoder: ENCODER, worker });
  const { globalStep } = await classifier.train(EXAMPLES, {
    epochs: 2,
    batchSize: 32,
    validationSplit: 0,
    onProgress() {},
  });
  classifier.dispose();
  return globalStep;
}

/** What the error of an act has to say. */
async function errorOf(act) {
  try {
    await act();
  } catch ({ code, message }) {
    return { code, message };
  }
  throw new Error('it did not fail');
}

const own = () => new Worker(new URL('js/browserTaskWorker.js', location.href), { type: 'module' });

globalThis.page = {
  program: () => program(anyformer),
  programInWorker: () => programInWorker(anyformer),
  train,
  /** What a model beside the page says, loaded by paths as fetch takes them. */
  async relative(worker) {
    const found = {};
    for (const path of ['/model/', './model', 'model']) {
      const classifier = await TextClassifier.load(path, { worker });
      found[path] = await classifier.predict('snow and sun');
      classifier.dispose();
    }
    return found;
  },
  saveRelative: (worker) =>
    errorOf(async () => {
      const classifier = await TextClassifier.load('/model/', { worker });
      await classifier.save('/other/').finally(() => classifier.dispose());
    }),
  start: () => errorOf(() => TextClassifier.create({ worker: true })),
  async threads() {
    const worker = await createWorker({ engine: { threads: 2 } });
    const { threads } = await worker.info();
    worker.dispose();
    return threads;
  },
  /** The worker ends while it trains, and nobody tells the library. */
  async ended() {
    const program = own();
    const worker = await createWorker({ program });
    const classifier = await TextClassifier.create({ encoder: ENCODER, worker });
    const onProgress = ({ phase }) => phase === 'train' && program.terminate();
    return errorOf(() => classifier.train(EXAMPLES, { epochs: 100, onProgress }));
  },
};
