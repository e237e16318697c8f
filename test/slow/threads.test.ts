import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { root } from '../support/builtPackage.ts';
import { untilThreadsRun } from '../support/threadsRun.ts';

const run = promisify(execFile);

/** Shapes in all; each is computed forward and backward, of sizes that are shared out. */
const SHAPES = 60;

/**
 * Layers and operations of random shapes, in a program of its own because a realm has one engine.
 * Gives a checksum of the bits of all results of each.
 */
const program = (threads: number, seed: number) => `
  import { createHash } from 'node:crypto';
  import * as tf from 'anyformer/tf';

  const engine = await tf.createEngine({ threads: ${threads} });
  // Threads are started when there is work for them.
  for (let n = 0; n < 40; n++) {
    tf.tidy(() => tf.matMul(tf.ones([300, 300]), tf.fill([300, 300], n)).dataSync());
  }
  ${untilThreadsRun}

  let state = ${seed};
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const upTo = (most) => 1 + Math.floor(next() * most);
  const numbers = (shape) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return tf.tensor(Float32Array.from({ length: size }, () => 2 * next() - 1), shape);
  };
  const ids = (shape, below) =>
    tf.tensor(Int32Array.from({ length: shape[0] }, () => Math.floor(next() * below)), shape, 'int32');

  /** Of each kind: its inputs and what is computed from them. */
  const kinds = [
    () => {
      const [M, N, K, tA, tB] = [upTo(300), upTo(300), upTo(500), next() < 0.5, next() < 0.5];
      const [a, b] = [numbers(tA ? [K, M] : [M, K]), numbers(tB ? [N, K] : [K, N])];
      return [[a, b], (x, y) => tf.matMul(x, y, tA, tB)];
    },
    () => {
      const [B, M, N, K] = [upTo(9), upTo(90), upTo(90), upTo(90)];
      return [[numbers([B, M, K]), numbers([B, K, N])], (x, y) => tf.matMul(x, y)];
    },
    () => {
      const [N, D, V] = [upTo(900), upTo(200), upTo(50)];
      const where = ids([N], V);
      return [[numbers([V, D])], (table) => tf.gather(table, where)];
    },
    () => [[numbers([upTo(9), upTo(300), upTo(200)])], (x) => tf.sum(x, 1)],
    ...[
      (H) => tf.transformerEncoder({ intermediateDim: upTo(300), numHeads: H, activation: 'gelu', dropout: 0.1, seed: 1 }),
      (H) => tf.transformerDecoder({ intermediateDim: upTo(300), numHeads: H, activation: 'gelu_new', seed: 2 }),
      () => tf.rmsNormalization({}),
      () => tf.maskedGlobalAveragePooling1D({}),
      () => tf.maskedGlobalMaxPooling1D({}),
    ].map((make) => () => {
      const [B, T, H, d] = [upTo(9), upTo(150), upTo(4), upTo(60)];
      const layer = make(H);
      return [[numbers([B, T, H * d])], (x) => layer.apply(x, { training: true })];
    }),
  ];

  const sums = [];
  for (let i = 0; i < ${SHAPES}; i++) {
    tf.tidy(() => {
      const [inputs, compute] = kinds[i % kinds.length]();
      const y = compute(...inputs);
      const gradients = tf.grads((...x) => tf.sum(tf.square(compute(...x))))(inputs);
      const hash = createHash('sha256');
      for (const x of [y, ...gradients]) hash.update(new Uint8Array(x.dataSync().slice().buffer));
      sums.push(hash.digest('hex'));
    });
  }
  console.log(JSON.stringify({ count: engine.info().threads.count, sums }));
`;

async function sumsWith(threads: number, seed: number) {
  const args = ['--input-type=module', '-e', program(threads, seed)];
  const { stdout } = await run(process.execPath, args, { cwd: root, timeout: 120_000 });
  return JSON.parse(stdout) as { count: number; sums: string[] };
}

test('random shapes have the same bits on 1, 2 and 4 threads', { timeout: 400_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const [one, two, four] = [
    await sumsWith(1, seed),
    await sumsWith(2, seed),
    await sumsWith(4, seed),
  ];
  expect([one.count, two.count, four.count]).toEqual([1, 2, 4]);
  expect(new Set(one.sums).size).toBe(SHAPES);
  expect({ seed, sums: two.sums }).toEqual({ seed, sums: one.sums });
  expect({ seed, sums: four.sums }).toEqual({ seed, sums: one.sums });
});
