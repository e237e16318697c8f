import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { throwIfAborted } from '../../src/core/errors.ts';
import type { Progress } from '../../src/core/progress.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import { FileStorage } from '../../src/storage/fileStorage.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import { openStorage } from '../../src/storage/openStorage.ts';
import { type TrainingHooks, train } from '../../src/train/trainer.ts';
import type { TrainingOptions } from '../../src/train/trainingOptions.ts';
import { errorOf } from '../support/errorOf.ts';
import { ToyData, ToyModel } from './toyProblem.ts';

beforeAll(async () => {
  await createEngine();
});

/** Everything that makes a run depend on its past: dropout, order, schedule, accumulation, moments. */
const course = {
  epochs: 2,
  batchSize: 4,
  gradientAccumulationSteps: 2,
  learningRate: 0.05,
  lrSchedulerType: 'cosine',
  warmupSteps: 3,
  weightDecay: 0.1,
  loggingSteps: 1,
} as const;
// 5 steps an epoch, the last one of a single batch of 2.
const EXAMPLES = 34;

interface Outcome {
  readonly weights: number[][];
  readonly log: readonly unknown[];
}

/** A run of new objects; the weights it starts from do not matter to a resumed one. */
async function run(
  options: TrainingOptions,
  { modelSeed = 1, hooks = {} as TrainingHooks } = {},
): Promise<Outcome> {
  const model = new ToyModel(modelSeed, 0.3);
  try {
    const { logHistory } = await train(
      model,
      new ToyData(EXAMPLES),
      { ...course, ...options },
      hooks,
    );
    return { weights: model.values(), log: logHistory };
  } finally {
    model.dispose();
  }
}

/** Options that abort after so many steps. */
function abortAfter(steps: number): TrainingOptions {
  const controller = new AbortController();
  const onProgress = ({ step }: Progress) => {
    if (step === steps) controller.abort();
  };
  return { signal: controller.signal, onProgress };
}

/** The files of a run aborted after so many steps. */
async function checkpointAfter(steps: number, options: TrainingOptions = {}) {
  const files = new Map<string, Uint8Array>();
  const error = await errorOf(run({ ...options, outputDir: files, ...abortAfter(steps) }));
  expect(error.code).toBe('ABORTED');
  return files;
}

describe('resume is bit-exact', () => {
  // 3: in the middle of an epoch; 5: between two; 9: before the last step.
  test.each([1, 3, 5, 9])('after an abort at step %i of 10', async (steps) => {
    const whole = await run({});
    const files = await checkpointAfter(steps);
    const resumed = await run({ outputDir: files, resumeFromCheckpoint: true }, { modelSeed: 99 });
    expect(resumed).toEqual(whole);
  });

  test.each([
    { optimizer: 'adam' },
    { optimizer: 'sgd', momentum: 0.9, nesterov: true },
    { optimizer: 'sgd' },
    { optimizer: 'rmsprop' },
    { optimizer: 'adagrad' },
  ] as const)('with $optimizer', async (options) => {
    const whole = await run(options);
    const files = await checkpointAfter(4, options);
    const resumed = await run({ ...options, resumeFromCheckpoint: files }, { modelSeed: 99 });
    expect(resumed).toEqual(whole);
  });

  test('from checkpoints that were saved on the way', async () => {
    const whole = await run({ saveSteps: 4, outputDir: new Map() });
    const files = new Map<string, Uint8Array>();
    const copies: Map<string, Uint8Array>[] = [];
    const storage = new MemoryStorage(files);
    const write = storage.write.bind(storage);
    storage.write = async (set) => {
      copies.push(new Map(set));
      await write(set);
    };
    await run({ saveSteps: 4, outputDir: storage });
    // After 4 and 8 steps, and at the end.
    expect(copies.length).toBe(3);
    for (const copy of copies) {
      expect(await run({ resumeFromCheckpoint: copy }, { modelSeed: 99 })).toEqual(whole);
    }
  });

  test('again and again, one step at a time', async () => {
    const whole = await run({});
    const files = await checkpointAfter(1);
    for (let step = 2; step < 10; step++) {
      const options = { outputDir: files, resumeFromCheckpoint: true, ...abortAfter(step) };
      expect((await errorOf(run(options, { modelSeed: step }))).code).toBe('ABORTED');
    }
    expect(await run({ outputDir: files, resumeFromCheckpoint: true })).toEqual(whole);
  });

  test('with the best weights and the patience of early stopping', async () => {
    const script = [0.5, 0.4, 0.6, 0.7, 0.1];
    const hooks = (): TrainingHooks => ({ evaluate: () => ({ loss: script[calls++]! }) });
    let calls = 0;
    const options = { evalSteps: 2, earlyStoppingPatience: 2 };
    const whole = await run(options, { hooks: hooks() });
    expect(calls).toBe(4);
    calls = 0;
    const files = new Map<string, Uint8Array>();
    await errorOf(run({ ...options, outputDir: files, ...abortAfter(5) }, { hooks: hooks() }));
    expect(calls).toBe(2);
    const resumed = await run(
      { ...options, outputDir: files, resumeFromCheckpoint: true },
      { modelSeed: 99, hooks: hooks() },
    );
    expect(calls).toBe(4);
    expect(resumed).toEqual(whole);
  });

  test('when the abort falls into an evaluation, which is then made up for', async () => {
    const whole = await run({ evalSteps: 4 }, { hooks: { evaluate: () => ({ loss: 1 }) } });
    const files = new Map<string, Uint8Array>();
    const controller = new AbortController();
    const abortingTask: TrainingHooks = {
      evaluate: ({ signal }) => {
        controller.abort();
        throwIfAborted(signal, 'Evaluation');
        return expect.unreachable('the signal has fired');
      },
    };
    const options = { evalSteps: 4, outputDir: files, signal: controller.signal };
    expect((await errorOf(run(options, { hooks: abortingTask }))).code).toBe('ABORTED');
    const resumed = await run(
      { evalSteps: 4, resumeFromCheckpoint: files },
      { modelSeed: 99, hooks: { evaluate: () => ({ loss: 1 }) } },
    );
    expect(resumed).toEqual(whole);
  });

  test('a constant rate may go on for longer', async () => {
    const options = { lrSchedulerType: 'constant_with_warmup' } as const;
    const whole = await run({ ...options, epochs: 3 });
    const files = new Map<string, Uint8Array>();
    await run({ ...options, epochs: 2, outputDir: files });
    const resumed = await run(
      { ...options, epochs: 3, resumeFromCheckpoint: files },
      { modelSeed: 99 },
    );
    expect(resumed).toEqual(whole);
  });

  test('a finished run stays as it is', async () => {
    const files = new Map<string, Uint8Array>();
    const whole = await run({ outputDir: files });
    expect(await run({ resumeFromCheckpoint: files }, { modelSeed: 99 })).toEqual(whole);
  });
});

describe('checkpoints', () => {
  test('hold the model by its own files, the state, the moments', async () => {
    const saved = new Map([['weights.bin', new Uint8Array([1, 2, 3])]]);
    const loaded: ReadonlyMap<string, Uint8Array>[] = [];
    const hooks: TrainingHooks = {
      saveModel: () => saved,
      loadModel: (files) => {
        loaded.push(files);
      },
    };
    const files = new Map<string, Uint8Array>();
    await run({ outputDir: files }, { hooks });
    expect([...files.keys()].sort()).toEqual([
      'optimizer.safetensors',
      'trainer_state.json',
      'weights.bin',
    ]);
    const state = JSON.parse(new TextDecoder().decode(files.get('trainer_state.json')!));
    expect(state).toMatchObject({
      global_step: 10,
      data_cursor: { epoch: 2, batch: 0 },
      run: { seed: 42, batchSize: 4, optimizer: 'adamw' },
    });
    expect(JSON.stringify(state)).not.toMatch(/heap/i);
    expect(state.log_history[0]).toMatchObject({ step: 1, epoch: 0.2222222222222222 });
    await run({ resumeFromCheckpoint: files }, { hooks });
    expect(loaded).toEqual([saved]);
  });

  test('on disk, through the hook that opens paths', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'anyformer-'));
    try {
      const hooks: TrainingHooks = {
        openStorage: (target) => openStorage(target, { openPath: (path) => new FileStorage(path) }),
      };
      const outputDir = join(directory, 'out');
      const whole = await run({});
      const error = await errorOf(run({ outputDir, ...abortAfter(3) }, { hooks }));
      expect(error.message).toContain(`after step 3 of 10; the checkpoint in ${outputDir}`);
      const options = { outputDir, resumeFromCheckpoint: true };
      expect(await run(options, { modelSeed: 99, hooks })).toEqual(whole);
      const files = ['model.safetensors', 'optimizer.safetensors', 'trainer_state.json'];
      expect((await readdir(outputDir)).sort()).toEqual(files);
    } finally {
      await rm(directory, { recursive: true });
    }
    const withoutDisk = await errorOf(run({ outputDir: 'out' }));
    expect(withoutDisk.code).toBe('UNSUPPORTED');
  });

  test('a run that diverges keeps the last good one', async () => {
    const files = new Map<string, Uint8Array>();
    const model = new ToyModel();
    const data = new ToyData(EXAMPLES);
    data.onCollate = (count) => {
      // Seven batches are three steps and a half.
      if (count === 8) data.x[data.collated.at(-1)![0]!] = [Number.NaN, 0, 0, 0];
    };
    const error = await errorOf(train(model, data, { ...course, saveSteps: 2, outputDir: files }));
    expect(error.code).toBe('NON_FINITE_LOSS');
    const state = JSON.parse(new TextDecoder().decode(files.get('trainer_state.json')!));
    expect(state.global_step).toBe(2);
    const resumed = await run({ resumeFromCheckpoint: files, saveStrategy: 'no' });
    expect(resumed.weights.flat().every(Number.isFinite)).toBe(true);
    model.dispose();
  });

  test('a full disk: the error is told, the one before stands, nothing leaks', async () => {
    const before = tf.memory().numTensors;
    const storage = new MemoryStorage();
    const write = storage.write.bind(storage);
    let writes = 0;
    storage.write = async (set) => {
      if (++writes === 2) throw Object.assign(new Error('disk full'), { code: 'STORAGE' });
      await write(set);
    };
    const error = await errorOf(run({ saveSteps: 4, outputDir: storage }));
    expect(error.message).toBe('disk full');
    expect(tf.memory().numTensors).toBe(before);
    const whole = await run({});
    expect(await run({ resumeFromCheckpoint: storage }, { modelSeed: 99 })).toEqual(whole);
  });

  test('any torn file is refused by its name, and the model is left alone', async () => {
    const files = await checkpointAfter(3);
    const names = [...files.keys()].filter((name) => name !== 'trainer_state.json');
    expect(names.sort()).toEqual(['model.safetensors', 'optimizer.safetensors']);
    const damage = fc.record({ name: fc.constantFrom(...names), at: fc.nat(), cut: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, at, cut }) => {
        const bytes = files.get(name)!.slice();
        const position = at % bytes.length;
        bytes[position] = bytes[position]! ^ 0x10;
        const torn = new Map(files).set(name, cut ? bytes.subarray(0, position) : bytes);
        const model = new ToyModel(5);
        const values = model.values();
        const options = { ...course, resumeFromCheckpoint: torn };
        const error = await errorOf(train(model, new ToyData(EXAMPLES), options));
        expect(error.code).toBe('INVALID_FILE');
        expect(error.message).toContain(name);
        expect(model.values()).toEqual(values);
        model.dispose();
      }),
      { numRuns: 20 },
    );
  });

  test.each(['model.safetensors', 'optimizer.safetensors'])(
    'one that another program replaces before %s is read, is read again',
    async (name) => {
      const storage = new MemoryStorage(await checkpointAfter(3));
      const later = await checkpointAfter(6);
      const read = storage.read.bind(storage);
      let readings = 0;
      storage.read = async (file, options) => {
        if (file === name && ++readings === 1) await storage.write(later);
        return read(file, options);
      };
      expect(await run({ resumeFromCheckpoint: storage })).toEqual(await run({}));
      expect(readings).toBe(2);
    },
  );

  test('a torn or foreign state is refused', async () => {
    const files = await checkpointAfter(3);
    const text = new TextDecoder().decode(files.get('trainer_state.json')!);
    const withState = (state: string) =>
      run({
        resumeFromCheckpoint: new Map(files).set(
          'trainer_state.json',
          new TextEncoder().encode(state),
        ),
      });
    const codes = async (state: string) => {
      const { code, message } = await errorOf(withState(state));
      expect(message).toContain('trainer_state.json');
      return code;
    };
    expect(await codes(text.slice(0, 100))).toBe('INVALID_FILE');
    expect(await codes('{"global_step": 3, "epoch": 1.5, "log_history": []}')).toBe('INVALID_FILE');
    expect(await codes(text.replace('"global_step": 3', '"global_step": -3'))).toBe('INVALID_FILE');
    expect(await codes(text.replace('"files"', '"others"'))).toBe('INVALID_FILE');
    const none = await errorOf(run({ resumeFromCheckpoint: new Map() }));
    expect(none.code).toBe('STORAGE');
    expect(none.message).toContain('There is no checkpoint in memory');
  });

  test.each([
    [{ batchSize: 8 }, 'batchSize 4, this run has 8'],
    [{ seed: 7 }, 'seed 42, this run has 7'],
    [{ optimizer: 'adam' }, 'optimizer "adamw", this run has "adam"'],
    [{ learningRate: 0.1 }, 'learningRate 0.05, this run has 0.1'],
    [{ epochs: 3 }, 'totalSteps 10, this run has 15'],
    [{ classWeight: { a: 2 } }, 'classWeight unset, this run has {"a":2}'],
    [{ gradientAccumulationSteps: 1 }, 'gradientAccumulationSteps 2, this run has 1'],
  ] as const)('other options are refused: %j', async (options, message) => {
    const files = await checkpointAfter(3);
    const error = await errorOf(run({ ...options, resumeFromCheckpoint: files }));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toContain(message);
  });

  test('other data or another model are refused', async () => {
    const files = await checkpointAfter(3);
    const before = tf.memory().numTensors;
    const model = new ToyModel();
    const options = { ...course, resumeFromCheckpoint: files };
    const fewer = await errorOf(train(model, new ToyData(EXAMPLES - 1), options));
    expect(fewer.message).toContain('numberOfExamples 34, this run has 33');

    const renamed = new ToyModel();
    renamed.variables.set('other.bias', renamed.get('hidden.bias'));
    renamed.variables.delete('hidden.bias');
    const foreign = await errorOf(train(renamed, new ToyData(EXAMPLES), options));
    expect(foreign.code).toBe('INVALID_FILE');
    expect(foreign.message).toContain("'hidden.bias.exp_avg'");
    renamed.dispose();
    model.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
