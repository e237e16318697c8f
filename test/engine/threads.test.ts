import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { root } from '../support/builtPackage.ts';
import { untilThreadsRun } from '../support/threadsRun.ts';

const run = promisify(execFile);
/** Runs a program of its own; that it ends at all shows that no thread keeps it alive. */
const program = async (body: string) => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', body], {
    cwd: root,
    timeout: 60_000,
  });
  return JSON.parse(stdout);
};

/** Trains twice with so many threads: they are started in the first and surely take part in the second. */
const training = (threads: number) => `
  import { createEngine, TextClassifier } from 'anyformer';
  const engine = await createEngine({ threads: ${threads} });
  const texts = Array.from({ length: 96 }, (_, n) => ({
    text: Array.from({ length: 40 }, (_, i) => 'w' + ((n * 7 + i * i * 3) % 90)).join(' '),
    label: n % 2 ? 'a' : 'b',
  }));
  const classifier = await TextClassifier.create({
    maxLength: 48,
    tokenizer: { type: 'wordpiece', vocabSize: 300 },
    encoder: { hiddenSize: 96, numAttentionHeads: 4, intermediateSize: 200, dropout: 0.1 },
  });
  const losses = [];
  for (let time = 0; time < 2; time++) {
    await classifier.train(texts, {
      epochs: 2,
      batchSize: 16,
      onProgress: (p) => p.phase === 'train' && losses.push(p.loss),
    });
    ${untilThreadsRun}
  }
  const scores = await classifier.predict(texts.map(({ text }) => text));
  console.log(JSON.stringify({ threads: engine.info().threads, losses, scores }));
`;

const digest = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

describe('threads', () => {
  it('change no bit of a training', { timeout: 90_000 }, async () => {
    const [one, two, four] = [
      await program(training(1)),
      await program(training(2)),
      await program(training(4)),
    ];
    expect(one.threads).toEqual({
      enabled: false,
      count: 1,
      running: 1,
      reason: 'switched off with threads: 1',
    });
    expect(two.threads).toEqual({ enabled: true, count: 2, running: 2 });
    expect(four.threads).toEqual({ enabled: true, count: 4, running: 4 });
    expect(one.losses.length).toBe(24);
    for (const other of [two, four]) {
      expect(other.losses).toEqual(one.losses);
      expect(digest(other.scores)).toBe(digest(one.scores));
    }
  });

  it('share a product of matrices, also after the memory has grown', async () => {
    const result = await program(`
      import * as tf from 'anyformer/tf';
      const engine = await tf.createEngine({ threads: 3 });
      const sums = [];
      const multiply = (n, size) => {
        const [a, b] = [tf.ones([size, 300]), tf.fill([300, size], n)];
        const product = tf.matMul(a, b);
        sums.push([tf.min(product), tf.max(product)].every((x) => x.dataSync()[0] === 300 * n));
      };
      // The first ones start the threads.
      for (let n = 0; n < 40; n++) multiply(n, 300);
      ${untilThreadsRun}
      const before = engine.info().heapBytes;
      for (let n = 0; n < 20; n++) multiply(n, 100 + 40 * n);
      console.log(JSON.stringify({ sums, grown: engine.info().heapBytes > before }));
    `);
    expect(result.grown).toBe(true);
    expect(result.sums).toEqual(Array(60).fill(true));
  });

  it('are started when there is work for them, not for a first small one', async () => {
    const started = await program(`
      import { syncBuiltinESMExports } from 'node:module';
      import threads from 'node:worker_threads';
      let started = 0;
      threads.Worker = class extends threads.Worker {
        constructor(...args) {
          super(...args);
          started++;
        }
      };
      syncBuiltinESMExports();
      const tf = await import('anyformer/tf');
      await tf.createEngine({ threads: 3 });
      const multiply = () => tf.tidy(() => tf.matMul(tf.ones([200, 200]), tf.ones([200, 200])).dataSync());
      multiply();
      const atFirst = started;
      for (const end = performance.now() + 1000; performance.now() < end && started === 0; ) multiply();
      console.log(JSON.stringify({ atFirst, started }));
    `);
    expect(started).toEqual({ atFirst: 0, started: 2 });
  });

  it('that cannot start are done without, and the engine says so', async () => {
    const result = await program(`
      import { syncBuiltinESMExports } from 'node:module';
      import threads from 'node:worker_threads';
      threads.Worker = class extends threads.Worker {
        constructor(_, options) {
          super(new URL('missing.js', 'file:///nowhere/'), options);
        }
      };
      syncBuiltinESMExports();
      const tf = await import('anyformer/tf');
      const engine = await tf.createEngine({ threads: 3 });
      const multiply = () => tf.tidy(() => tf.matMul(tf.ones([300, 300]), tf.ones([300, 300])).dataSync()[9]);
      const values = new Set();
      for (const end = performance.now() + 10_000; performance.now() < end; ) {
        values.add(multiply());
        await new Promise((resolve) => setTimeout(resolve));
        if (engine.info().threads.count === 1) break;
      }
      console.log(JSON.stringify({ values: [...values], ...engine.info().threads }));
    `);
    expect(result).toEqual({
      values: [300],
      enabled: false,
      count: 1,
      running: 1,
      reason: expect.stringMatching(/^a thread could not start: .*missing\.js/),
    });
  });

  it.each([0, -1, 1.5, Number.NaN, '2', null])('are refused as %s', async (threads) => {
    const code = `
      import { createEngine } from 'anyformer';
      const { code, message } = await createEngine({ threads: ${typeof threads === 'string' ? `'${threads}'` : threads} }).catch((error) => error);
      console.log(JSON.stringify({ code, message }));
    `;
    expect(await program(code)).toEqual({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(/threads must be 'auto' or a whole number of at least 1/),
    });
  });

  it('are one a processor by default', async () => {
    const { threads } = (await createEngine()).info();
    expect(threads.count).toBeGreaterThanOrEqual(1);
  });
});
