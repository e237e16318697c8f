import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  AnyformerError,
  createWorker,
  MemoryStorage,
  type Progress,
  type TaskWorker,
  TextClassifier,
  type TextClassifierOptions,
  trainWordPiece,
} from '../../src/index.ts';
import { root, runNode } from '../support/builtPackage.ts';

const OPTIONS: TextClassifierOptions = {
  maxLength: 16,
  tokenizer: { type: 'wordpiece', vocabSize: 120 },
  encoder: { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, intermediateSize: 24 },
  seed: 7,
};
const WORDS = { cold: ['snow', 'ice', 'frost'], warm: ['sun', 'heat', 'summer'] };
const EXAMPLES = Array.from({ length: 48 }, (_, n) => {
  const label = n % 2 ? 'cold' : 'warm';
  return { text: `Day ${n % 10} brought ${WORDS[label][n % 3]}.`, label };
});
const TRAINING = { batchSize: 8, learningRate: 5e-3, seed: 3 };
const TEXTS = ['snow and frost', 'the sun', ''];

/** The engine here may have relaxed SIMD as the one there: both are of one machine. */
let worker: TaskWorker;
beforeAll(async () => {
  worker = await createWorker({ engine: { threads: 1 } });
});
afterAll(() => worker?.dispose());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'none',
    (error) => (error instanceof AnyformerError ? error.code : String(error)),
  );

/** All that a classifier does, with whatever it tells. */
async function run(classifier: TextClassifier) {
  const losses: (number | undefined)[] = [];
  const phases = new Set<string>();
  const onProgress = ({ phase, loss }: Progress) => {
    phases.add(phase);
    if (phase === 'train') losses.push(loss);
  };
  const before = classifier.labels;
  const options = { ...TRAINING, epochs: 2, validationSplit: 0.2, onProgress };
  const { peakHeapBytes: _, ...trained } = await classifier.train(EXAMPLES, options);
  const evaluated = await classifier.evaluate(EXAMPLES);
  const files = new Map<string, Uint8Array>();
  await classifier.save(files);
  const predicted = await classifier.predict(TEXTS);
  const one = await classifier.predict(TEXTS[0]!, { topK: 1 });
  const sent = { losses, phases: [...phases], before, labels: classifier.labels };
  return { ...sent, trained, evaluated, files, predicted, one };
}

describe('a classifier in a worker', () => {
  it('opens paths there, and takes Files and Blobs along', async () => {
    const csv = `body,topic\n${EXAMPLES.map(({ text, label }) => `${text},${label}`).join('\n')}\n`;
    const folder = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
    const path = join(folder, 'days.csv');
    await writeFile(path, `${csv},cold\n`);
    const training = { ...TRAINING, epochs: 1 };
    using here = await TextClassifier.create(OPTIONS);
    const { logHistory } = await here.train(EXAMPLES, training);
    for (const source of [path, pathToFileURL(path), new File([csv], 'days.csv')]) {
      using there = await TextClassifier.create({ ...OPTIONS, worker });
      const found = await there.train(source, training);
      expect(found.logHistory).toEqual(logHistory);
      const leftOut = found.warnings.filter(({ code }) => code === 'ROWS_LEFT_OUT');
      expect(leftOut).toHaveLength(typeof source === 'string' || 'href' in source ? 1 : 0);
      const blob = new Blob([csv], { type: 'text/csv' });
      expect(await there.evaluate(blob)).toEqual(await here.evaluate(EXAMPLES));
    }
    await rm(folder, { recursive: true });
  });

  it('is the same to the bit', async () => {
    using local = await TextClassifier.create(OPTIONS);
    using remote = await TextClassifier.create({ ...OPTIONS, worker });
    expect(remote).toBeInstanceOf(TextClassifier);
    const [wanted, found] = [await run(local), await run(remote)];
    expect(wanted.losses).toHaveLength(12);
    expect(found).toEqual(wanted);
    expect(found.files.get('model.safetensors')).toBeInstanceOf(Uint8Array);
    using again = await TextClassifier.load(found.files, { worker });
    expect(again.labels).toEqual(['cold', 'warm']);
    expect(await again.predict(TEXTS)).toEqual(wanted.predicted);
    using here = await TextClassifier.load(found.files);
    expect(await here.predict(TEXTS)).toEqual(wanted.predicted);
  });

  it('takes a ready tokenizer, paths, and storages of this side', async () => {
    const tokenizer = await trainWordPiece(
      EXAMPLES.map(({ text }) => text),
      { vocabSize: 90 },
    );
    using classifier = await TextClassifier.create({ ...OPTIONS, tokenizer, worker });
    const checkpoints = new MemoryStorage();
    await classifier.train(EXAMPLES, { ...TRAINING, outputDir: checkpoints });
    expect(await checkpoints.list()).toContain('trainer_state.json');
    await classifier.train(EXAMPLES, {
      ...TRAINING,
      outputDir: checkpoints,
      resumeFromCheckpoint: true,
    });
    const folder = await mkdtemp(join(tmpdir(), 'anyformer-worker-'));
    try {
      await classifier.save(join(folder, 'model'));
      const loaded: Progress[] = [];
      using again = await TextClassifier.load(join(folder, 'model'), {
        worker,
        onProgress: (progress) => loaded.push(progress),
      });
      expect(loaded.at(-1)!.step).toBeGreaterThan(1000);
      expect(await again.predict(TEXTS)).toEqual(await classifier.predict(TEXTS));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('stops at the very step at which onProgress aborts, by its reason', async () => {
    const abortAfter = async (classifier: TextClassifier) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      let seen = 0;
      const error: AnyformerError = await classifier
        .train(EXAMPLES, {
          ...TRAINING,
          epochs: 1000,
          signal: controller.signal,
          onProgress: ({ phase }) => {
            if (phase === 'train' && ++seen === 3) controller.abort(reason);
          },
        })
        .then(
          () => expect.unreachable('it went on'),
          (thrown) => thrown,
        );
      expect(error.cause).toBe(reason);
      return { seen, name: error.name, message: error.message, code: error.code };
    };
    using local = await TextClassifier.create(OPTIONS);
    using remote = await TextClassifier.create({ ...OPTIONS, worker });
    const wanted = await abortAfter(local);
    expect(wanted).toMatchObject({ seen: 3, name: 'AbortError', code: 'ABORTED' });
    expect(await abortAfter(remote)).toEqual(wanted);
    expect(await remote.predict(TEXTS)).toEqual(await local.predict(TEXTS));
    const aborted = AbortSignal.abort();
    expect(await codeOf(remote.predict(TEXTS, { signal: aborted }))).toBe('ABORTED');
  });

  it('reads examples from this side, and stops reading when it is aborted', async () => {
    const results: unknown[] = [];
    for (const where of [undefined, worker]) {
      using classifier = await TextClassifier.create({
        ...OPTIONS,
        ...(where && { worker: where }),
      });
      const controller = new AbortController();
      let given = 0;
      let ended = false;
      async function* source(end: number) {
        try {
          for (; given < end; given++) {
            if (given === 100) controller.abort();
            yield EXAMPLES[given % EXAMPLES.length]!;
          }
        } finally {
          ended = true;
        }
      }
      const trained = await classifier.train(source(48), TRAINING);
      const options = { ...TRAINING, signal: controller.signal };
      const code = await codeOf(classifier.train(source(Infinity), options));
      const scores = await classifier.predict(TEXTS);
      results.push({ loss: trained.trainLoss, code, scores, given, ended });
    }
    expect(results[0]).toMatchObject({ code: 'ABORTED', given: 100, ended: true });
    expect(results[1]).toEqual(results[0]);
  });

  it('fails of what a callback of this side throws', async () => {
    using classifier = await TextClassifier.create({ ...OPTIONS, worker });
    for (const phase of ['encode', 'train']) {
      const onProgress = (progress: Progress) => {
        if (progress.phase === phase) throw new RangeError(`at ${phase}`);
      };
      const failure = classifier.train(EXAMPLES, { ...TRAINING, onProgress });
      await expect(failure).rejects.toThrow(new RangeError(`at ${phase}`));
    }
  });

  it('fails with the errors that it has here', async () => {
    using local = await TextClassifier.create(OPTIONS);
    using remote = await TextClassifier.create({ ...OPTIONS, worker });
    const acts: ((classifier: TextClassifier) => Promise<unknown>)[] = [
      (classifier) => classifier.predict('too early'),
      (classifier) => classifier.train([]),
      (classifier) => classifier.train(EXAMPLES, { epoch: 1 } as never),
      (classifier) => classifier.train(EXAMPLES, { epochs: -1 }),
    ];
    for (const act of acts) {
      const errorOf = (classifier: TextClassifier): Promise<AnyformerError> =>
        act(classifier).then(
          () => expect.unreachable('it did not fail'),
          (thrown) => thrown,
        );
      const [wanted, found] = [await errorOf(local), await errorOf(remote)];
      expect(found).toBeInstanceOf(AnyformerError);
      expect({ ...found, message: found.message }).toEqual({ ...wanted, message: wanted.message });
    }
    const nowhere = await TextClassifier.load('/nowhere', { worker }).catch((error) => error);
    expect(nowhere).toMatchObject({ code: 'STORAGE' });
    expect(nowhere.cause).toBeInstanceOf(Error);
    await expect(remote.train([{ text: 'a', label: Symbol('b') }] as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/cannot be handed to the worker/),
    });
    await expect(TextClassifier.create({ worker: {} } as never)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('leaves nothing behind, and is gone after dispose', async () => {
    const before = await worker.info();
    const classifier = await TextClassifier.create({ ...OPTIONS, worker });
    await classifier.train(EXAMPLES, TRAINING);
    expect((await worker.info()).tensors).toBeGreaterThan(before.tensors);
    const running = codeOf(classifier.train(EXAMPLES, { ...TRAINING, epochs: 1000 }));
    classifier.dispose();
    expect(await running).toBe('DISPOSED');
    expect(await codeOf(classifier.predict('a'))).toBe('DISPOSED');
    classifier.dispose();
    expect((await worker.info()).tensors).toBe(before.tensors);
  });

  it('has a worker of its own with worker: true', async () => {
    const classifier = await TextClassifier.create({ ...OPTIONS, worker: true });
    const running = codeOf(classifier.train(EXAMPLES, { ...TRAINING, epochs: 1000 }));
    classifier.dispose();
    expect(await running).toBe('DISPOSED');
    expect(await codeOf(classifier.predict('a'))).toBe('DISPOSED');
  });
});

describe('a process with a worker', () => {
  it('lives until all is done that is waited for, and no longer', async () => {
    const program = `
      import { createWorker, TextClassifier } from 'anyformer';
      const examples = ${JSON.stringify(EXAMPLES)};
      const options = ${JSON.stringify(OPTIONS)};
      const worker = await createWorker();
      const shared = await TextClassifier.create({ ...options, worker });
      await shared.train(examples);
      const own = await TextClassifier.create({ ...options, worker: true });
      await own.train(examples);
      console.log((await own.predict('snow')).length);
    `;
    const ended = await runNode(['--input-type=module', '-e', program], root);
    expect(ended).toEqual({ code: 0, stdout: '2\n', stderr: '' });
  });
});

describe('a worker that ends', () => {
  const program = () => new Worker(`${root}dist/worker.js`, { execArgv: [] });

  it('fails what is waited for, and all that comes after', async () => {
    const thread = program();
    const own = await createWorker({ program: thread });
    const classifier = await TextClassifier.create({ ...OPTIONS, worker: own });
    let steps = 0;
    const running = classifier.train(EXAMPLES, {
      ...TRAINING,
      epochs: 1000,
      onProgress: ({ phase }) => {
        if (phase === 'train' && ++steps === 3) void thread.terminate();
      },
    });
    const info = own.info();
    info.catch(() => {});
    await expect(running).rejects.toMatchObject({
      code: 'WORKER_STOPPED',
      message: expect.stringMatching(
        /stopped \(it ended with exit code 1\).* resumeFromCheckpoint: true/,
      ),
    });
    expect(await codeOf(classifier.predict('a'))).toBe('WORKER_STOPPED');
    classifier.dispose();
    expect(await codeOf(TextClassifier.create({ worker: own }))).toBe('WORKER_STOPPED');
  });

  it('says when it has no more memory', async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 24 };
    const thread = new Worker(`${root}dist/worker.js`, { execArgv: [], resourceLimits });
    const own = await createWorker({ program: thread });
    const many = Array.from({ length: 400_000 }, (_, n) => ({
      text: `text ${n}`,
      label: `${n % 2}`,
    }));
    const running = TextClassifier.create({ ...OPTIONS, worker: own }).then((classifier) =>
      classifier.train(many),
    );
    await expect(running).rejects.toMatchObject({
      code: 'WORKER_STOPPED',
      message: expect.stringMatching(/memory/),
    });
  });

  it('fails by dispose of the worker, too', async () => {
    const own = await createWorker();
    const classifier = await TextClassifier.create({ ...OPTIONS, worker: own });
    const running = codeOf(classifier.train(EXAMPLES, { ...TRAINING, epochs: 1000 }));
    own.dispose();
    expect(await running).toBe('WORKER_STOPPED');
  });

  it('says that its program is another, which never answers', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const program = new Worker('setInterval(() => {}, 1000)', { eval: true });
      const silent = createWorker({ program }).catch((error) => error);
      await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1), { interval: 0 });
      vi.advanceTimersByTime(60_000);
      expect(await silent).toMatchObject({
        code: 'WORKER_STOPPED',
        message: expect.stringMatching(/its program did not answer within 60 s/),
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('says that it could not start', async () => {
    const missing = createWorker({ program: new URL('file:///nowhere/worker.js') });
    await expect(missing).rejects.toMatchObject({
      code: 'WORKER_STOPPED',
      message: expect.stringMatching(/^createWorker: the worker could not be started: .*nowhere/),
    });
    await expect(createWorker({ engine: { threads: 0 } })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(createWorker({ threads: 2 } as never)).rejects.toMatchObject({
      code: 'UNKNOWN_OPTION',
    });
  });
});
