/**
 * Work in a process of its own: `train-step`, a step of the article's model, or `gemm`, a product of
 * 1024^3, with the engine that settings.mjs says. It runs so many as it is sent the number of, and
 * sends the milliseconds of each; first of all numbers that do not depend on the engine's threads.
 */
import { createEngine } from 'anyformer';
import { ourTraining, trainingToCheck } from './ourArticle.mjs';
import { startOurs } from './ours.mjs';
import { engineOptions } from './settings.mjs';

const LENGTH = 128;
const SIZE = 1024;
const SHOWN = 1000;

const jobs = {
  async 'train-step'() {
    const engine = await createEngine(engineOptions);
    const { losses } = await trainingToCheck(LENGTH);
    const { steps } = await ourTraining(LENGTH);
    return { engine, run: steps, result: losses };
  },
  async gemm() {
    const { tf, engine, multiply } = await startOurs();
    const { backend } = engine;
    const tensors = [1, 2, 3].map((seed) => tf.randomNormal([SIZE, SIZE], 0, 1, 'float32', seed));
    const sizes = { M: SIZE, N: SIZE, K: SIZE, transposeA: false, transposeB: false };
    const once = () => {
      const [a, b, c] = tensors.map((tensor) => backend.pointer(tensor));
      multiply(backend, { a, b, c, ...sizes });
    };
    const run = (count) =>
      Array.from({ length: count }, () => {
        const start = performance.now();
        once();
        return performance.now() - start;
      });
    once();
    return { engine, run, result: Array.from(tensors[2].dataSync().subarray(0, SHOWN)) };
  },
};

const { engine, run, result } = await jobs[process.argv[2]]();
process.on('message', async (count) => process.send(await run(count)));
const { threads, relaxedSimd } = engine.info();
process.send({ threads: threads.count, relaxed: relaxedSimd.enabled, result });
