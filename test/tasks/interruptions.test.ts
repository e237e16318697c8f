import * as nodeFs from 'node:fs/promises';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import type { Progress } from '../../src/core/progress.ts';
import { FileStorage, type FileSystem } from '../../src/storage/fileStorage.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { aliveNow, expectRefusal, FIT, refusalOf, TINY, textsOf, toyTexts } from './toyTexts.ts';

const sixteen = toyTexts(16);
let directory: string;
let classifier: TextClassifier;
const saved = new Map<string, Uint8Array>();
let before: { tensors: number; bytes: number };
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
  classifier = await TextClassifier.create(TINY);
  await classifier.train(sixteen, { ...FIT, epochs: 1 });
  await classifier.save(saved);
});
afterAll(async () => {
  classifier.dispose();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  before = await aliveNow();
});
afterEach(async () => expect(await aliveNow()).toEqual(before));

/** The saved files with one of them replaced, or removed. */
const withFile = (name: string, bytes?: Uint8Array) =>
  new Map(
    [...saved].flatMap(([key, old]) =>
      key !== name ? [[key, old]] : bytes ? [[key, bytes]] : [],
    ) as [string, Uint8Array][],
  );

describe('TextClassifier.load refuses, by its name,', () => {
  it.each(['model.safetensors', 'tokenizer.json', 'tokenizer_config.json'])(
    '%s when it is torn or flipped anywhere',
    async (name) => {
      const bytes = saved.get(name)!;
      for (const share of [0, 0.1, 0.5, 0.99]) {
        const torn = bytes.slice(0, Math.floor(bytes.length * share));
        const message = new RegExp(`^${name} in memory is torn, .*Save or copy the whole folder`);
        await expectRefusal(
          () => TextClassifier.load(withFile(name, torn)),
          'INVALID_FILE',
          message,
        );
      }
      await fc.assert(
        fc.asyncProperty(
          fc.nat(bytes.length - 1),
          fc.integer({ min: 1, max: 255 }),
          async (at, mask) => {
            const flipped = bytes.slice();
            flipped[at]! ^= mask;
            const error = await refusalOf(() => TextClassifier.load(withFile(name, flipped)));
            expect(error.code).toBe('INVALID_FILE');
          },
        ),
        { numRuns: 15 },
      );
    },
  );

  it('config.json when it is torn, or loads what a flip has left readable', async () => {
    const bytes = saved.get('config.json')!;
    for (const length of [0, 1, 40, bytes.length >> 1, bytes.length - 3]) {
      const load = () => TextClassifier.load(withFile('config.json', bytes.slice(0, length)));
      await expectRefusal(load, 'INVALID_FILE', /^config\.json in memory/);
    }
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const flipped = bytes.slice();
          flipped[at]! ^= mask;
          try {
            (await TextClassifier.load(withFile('config.json', flipped))).dispose();
          } catch (error) {
            expect(error).toBeInstanceOf(AnyformerError);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('the same without a seal: weights and vocabulary have checks of their own', async () => {
    const { anyformer: _, ...config } = JSON.parse(
      new TextDecoder().decode(saved.get('config.json')),
    );
    const unsealed = (files: Map<string, Uint8Array>) =>
      files.set('config.json', new TextEncoder().encode(JSON.stringify(config)));
    for (const name of ['model.safetensors', 'tokenizer.json']) {
      for (const share of [0, 0.3, 0.9]) {
        const bytes = saved.get(name)!;
        const torn = bytes.slice(0, Math.floor(bytes.length * share));
        const error = await refusalOf(() => TextClassifier.load(unsealed(withFile(name, torn))));
        expect(error).toMatchObject({
          code: 'INVALID_FILE',
          message: expect.stringContaining(name),
        });
      }
    }
  });

  it.each(['config.json', 'tokenizer.json', 'model.safetensors'])(
    '%s when it is missing',
    async (name) => {
      const message = new RegExp(`no ${name.replace('.', '\\.')} in memory; there are`);
      await expectRefusal(() => TextClassifier.load(withFile(name)), 'STORAGE', message);
    },
  );

  it.each([
    ['another model', { model_type: 'gpt2' }, 'UNSUPPORTED', /'gpt2' is not an encoder served/],
    ['one label', { id2label: { 0: 'a' } }, 'UNSUPPORTED', /one label 'a'; a classifier needs/],
    ['no labels', { id2label: null }, 'INVALID_FILE', /no id2label: this is no model for text/],
    ['numbers for labels', { problem_type: 'regression' }, 'UNSUPPORTED', /'regression' is not/],
    [
      'one label more',
      { id2label: { 0: 'a', 1: 'b', 2: 'c' } },
      'INVALID_FILE',
      /classifier\.weight/,
    ],
    ['another width', { hidden_size: 32 }, 'INVALID_FILE', /\[.*16.*\].*32|32.*16/],
    ['fewer words', { vocab_size: 20 }, 'INVALID_FILE', /vocab_size is 20: they do not belong/],
  ] as const)('config.json of %s', async (_, change, code, message) => {
    const config = JSON.parse(new TextDecoder().decode(saved.get('config.json')));
    const bytes = new TextEncoder().encode(JSON.stringify({ ...config, ...change }));
    await expectRefusal(() => TextClassifier.load(withFile('config.json', bytes)), code, message);
  });
});

/** A disk that is full from the given write on. */
function fullDisk(afterWrites: number): FileSystem {
  let writes = 0;
  const open = async (...parameters: Parameters<typeof nodeFs.open>) => {
    const handle = await nodeFs.open(...parameters);
    const writeFile = handle.writeFile.bind(handle);
    handle.writeFile = async (bytes) => {
      if (writes++ < afterWrites) return writeFile(bytes);
      await writeFile((bytes as Uint8Array).subarray(0, 10));
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    };
    return handle;
  };
  return { ...nodeFs, open: open as typeof nodeFs.open };
}

describe('a disk that is full', () => {
  it('leaves the folder as it was, whichever file it is', async () => {
    const folder = join(directory, 'full');
    await classifier.save(folder);
    const names = await readdir(folder);
    const contents = await Promise.all(names.map((name) => readFile(join(folder, name))));
    for (let writes = 0; writes < 4; writes++) {
      const save = () => classifier.save(new FileStorage(folder, fullDisk(writes)));
      await expectRefusal(save, 'STORAGE', /Cannot write .*ENOSPC.*disk is full: free some space/);
      expect(await readdir(folder)).toEqual(names);
      for (const [i, name] of names.entries()) {
        expect(await readFile(join(folder, name))).toEqual(contents[i]);
      }
    }
    const fresh = join(directory, 'fresh');
    await refusalOf(() => classifier.save(new FileStorage(fresh, fullDisk(2))));
    expect(await readdir(directory)).toEqual(['full']);
  });

  it('ends a training that saves checkpoints, with the storage to blame', async () => {
    const failing = new MemoryStorage();
    failing.write = () => Promise.reject(new AnyformerError('STORAGE', 'The store is full.'));
    using one = await TextClassifier.create(TINY);
    await expectRefusal(
      () => one.train(sixteen, { outputDir: failing }),
      'STORAGE',
      /store is full/,
    );
    await expectRefusal(() => one.save(failing), 'STORAGE', /store is full/);
  });
});

describe('an AbortSignal', () => {
  const controllerAt = (phase: string, step = 1) => {
    const controller = new AbortController();
    const onProgress = (progress: Progress) => {
      if (progress.phase === phase && progress.step >= step) controller.abort('enough');
    };
    return { signal: controller.signal, onProgress };
  };

  it('that has fired stops everything at once', async () => {
    const signal = AbortSignal.abort('enough');
    using fresh = await TextClassifier.create(TINY);
    for (const run of [
      () => fresh.train(sixteen, { signal }),
      () => classifier.train(sixteen, { signal }),
      () => classifier.predict('sun', { signal }),
      () => classifier.predict([], { signal }),
      () => classifier.evaluate(sixteen, { signal }),
      () => TextClassifier.load(saved, { signal }),
    ]) {
      const error = await refusalOf(run);
      expect(error).toMatchObject({ code: 'ABORTED', name: 'AbortError', cause: 'enough' });
    }
    expect(fresh.labels).toBeUndefined();
  });

  it.each(['tokenizer', 'encode'])(
    'stops a first training in %s and leaves nothing',
    async (phase) => {
      using one = await TextClassifier.create(TINY);
      const train = () => one.train(toyTexts(600), { ...FIT, ...controllerAt(phase) });
      expect((await refusalOf(train)).code).toBe('ABORTED');
      expect(await aliveNow()).toEqual(before);
      await expectRefusal(() => one.predict('sun'), 'INVALID_ARGUMENT', /train first/);
      expect((await one.train(sixteen, { ...FIT, epochs: 1 })).globalStep).toBe(1);
    },
  );

  it('stops training in the middle of an epoch, with the weights of the last step', async () => {
    using one = await TextClassifier.create(TINY);
    const train = () => one.train(toyTexts(320), { ...FIT, ...controllerAt('train', 7) });
    const error = await refusalOf(train);
    expect(error.code).toBe('ABORTED');
    expect(error.message).toMatch(/after step 7 of 120; the model has the weights of that step/);
    expect(await one.predict('sun')).toHaveLength(2);
  });

  it('stops prediction and evaluation between two batches', async () => {
    const many = toyTexts(64);
    for (const [phase, run] of [
      ['predict', (o: object) => classifier.predict(textsOf(many), { batchSize: 4, ...o })],
      ['evaluate', (o: object) => classifier.evaluate(many, { batchSize: 4, ...o })],
    ] as const) {
      let last = 0;
      const { signal, onProgress } = controllerAt(phase, 3);
      const watch = (progress: Progress) => {
        if (progress.phase === phase) last = progress.step;
        onProgress(progress);
      };
      expect((await refusalOf(() => run({ signal, onProgress: watch }))).code).toBe('ABORTED');
      expect(last).toBe(3);
    }
  });
});

describe('a training that was aborted and resumed', () => {
  const options = { ...FIT, epochs: 3, lrSchedulerType: 'linear', weightDecay: 0.01 } as const;
  const examples = toyTexts(96);
  const filesOf = async (one: TextClassifier) => {
    const files = new Map<string, Uint8Array>();
    await one.save(files);
    return files;
  };

  it('ends with the same bits as one in one go, wherever it was stopped', async () => {
    using whole = await TextClassifier.create(TINY);
    const result = await whole.train(examples, options);
    for (const stop of [1, 4, 6, 11]) {
      const outputDir = join(directory, `run${stop}`);
      const controller = new AbortController();
      const onProgress = ({ phase, step }: Progress) => {
        if (phase === 'train' && step === stop) controller.abort();
      };
      using first = await TextClassifier.create(TINY);
      const { signal } = controller;
      await expectRefusal(
        () => first.train(examples, { ...options, outputDir, onProgress, signal }),
        'ABORTED',
        new RegExp(`after step ${stop} of 18; the checkpoint in .*run${stop} goes on from there`),
      );
      // A new process would hold a new classifier, made in the same way.
      using second = await TextClassifier.create(TINY);
      const resume = { ...options, outputDir, resumeFromCheckpoint: true };
      expect((await second.train(examples, resume)).trainLoss).toBe(result.trainLoss);
      expect(await filesOf(second)).toEqual(await filesOf(whole));
      // The checkpoint is a model folder, too.
      using loaded = await TextClassifier.load(outputDir);
      expect(await loaded.predict('sun')).toEqual(await whole.predict('sun'));
    }
  });

  it('is refused for other labels or another vocabulary, and leaves nothing', async () => {
    const checkpoint = new Map<string, Uint8Array>();
    using first = await TextClassifier.create(TINY);
    await first.train(examples, { ...options, outputDir: checkpoint });
    const resume = { ...options, resumeFromCheckpoint: checkpoint };
    const alive = await aliveNow();
    using turned = await TextClassifier.create({ ...TINY, labels: ['warm', 'cold'] });
    await expectRefusal(
      () => turned.train(examples, resume),
      'INVALID_ARGUMENT',
      /labels \['cold', 'warm'\], this classifier of \['warm', 'cold'\]/,
    );
    const upper = examples.map(({ text, label }) => ({
      text: text.replaceAll('sun', 'sky'),
      label,
    }));
    using other = await TextClassifier.create(TINY);
    expect((await refusalOf(() => other.train(upper, resume))).code).toBe('INVALID_ARGUMENT');
    expect(await aliveNow()).toEqual(alive);
  });
});
