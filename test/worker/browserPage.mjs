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

/** Long tasks of the page from the first step of a training to its end. */
async function longTasks(worker) {
  const found = [];
  const observer = new PerformanceObserver((list) => found.push(...list.getEntries()));
  observer.observe({ type: 'longtask' });
  const classifier = await TextClassifier.create({ maxLength: 64, encoder: ENCODER, worker });
  let began;
  let steps = 0;
  await classifier.train(EXAMPLES, {
    epochs: 2,
    onProgress({ phase }) {
      if (phase !== 'train') return;
      began ??= performance.now();
      steps++;
    },
  });
  const ended = performance.now();
  // The observer must see at least this one.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const control = performance.now();
  while (performance.now() < control + 120);
  await new Promise((resolve) => setTimeout(resolve, 300));
  observer.disconnect();
  classifier.dispose();
  const durations = (from, to) =>
    found
      .filter(({ startTime, duration }) => startTime + duration >= from && startTime < to)
      .map(({ duration }) => duration);
  return {
    steps,
    seconds: (ended - began) / 1000,
    training: durations(began, ended),
    control: durations(control, Number.POSITIVE_INFINITY),
  };
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
  longTasks,
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
