import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../../src/core/progress.ts';
import { readSafetensors } from '../../src/formats/safetensors.ts';
import { MemoryStorage } from '../../src/storage/memoryStorage.ts';
import type { ReadOptions } from '../../src/storage/storage.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';
import { aliveNow, expectRefusal, FIT, TINY, toyMultiLabelTexts, toyTexts } from './toyTexts.ts';

const NAMES = [
  'anyformer.safetensors',
  'config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];
const TEXTS = ['sun and beach', 'ice', ''];

let directory: string;
let classifier: TextClassifier;
let before: { tensors: number; bytes: number };
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'anyformer-test-'));
  classifier = await TextClassifier.create({
    ...TINY,
    encoder: { ...TINY.encoder, type: 'bert', hiddenDropoutProb: 0.2, hiddenAct: 'gelu' },
  });
  await classifier.train(toyTexts(64), { ...FIT, epochs: 1 });
  await classifier.save(directory);
});
afterAll(async () => {
  classifier.dispose();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  before = await aliveNow();
});
afterEach(async () => expect(await aliveNow()).toEqual(before));

const readJson = async (name: string) => JSON.parse(await readFile(join(directory, name), 'utf8'));

async function expectTheSame(load: () => Promise<TextClassifier>): Promise<void> {
  using again = await load();
  expect(again.labels).toEqual(classifier.labels);
  expect(await again.predict(TEXTS)).toEqual(await classifier.predict(TEXTS));
}

describe('a saved folder', () => {
  it('that cannot fit is refused before its weights have arrived', async () => {
    const name = 'model.safetensors';
    const files = new Map<string, Uint8Array>();
    for (const file of NAMES) files.set(file, await readFile(join(directory, file)));
    const config = JSON.parse(new TextDecoder().decode(files.get('config.json')));
    config.anyformer.files[name].bytes = 5e9;
    files.set('config.json', new TextEncoder().encode(JSON.stringify(config)));
    let isStopped = false;
    class Slow extends MemoryStorage {
      override read(file: string, options: ReadOptions = {}): Promise<Uint8Array> {
        if (file !== name) return super.read(file, options);
        return new Promise((_, reject) => {
          options.signal?.addEventListener('abort', () => {
            isStopped = true;
            reject(options.signal!.reason);
          });
        });
      }
    }
    await expect(TextClassifier.load(new Slow(files))).rejects.toMatchObject({
      code: 'OUT_OF_MEMORY',
      message: expect.stringMatching(/^model\.safetensors in memory needs [\d,.]+ MB of memory/),
    });
    expect(isStopped).toBe(true);
  });

  it("has Hugging Face's files, keys and names of weights", async () => {
    expect((await readdir(directory)).sort()).toEqual(NAMES);
    expect(await readJson('config.json')).toMatchObject({
      architectures: ['BertForSequenceClassification'],
      attention_probs_dropout_prob: 0.1,
      classifier_dropout: 0.2,
      hidden_act: 'gelu',
      hidden_dropout_prob: 0.2,
      hidden_size: 16,
      id2label: { 0: 'cold', 1: 'warm' },
      label2id: { cold: 0, warm: 1 },
      layer_norm_eps: 1e-12,
      max_position_embeddings: 16,
      model_type: 'bert',
      num_attention_heads: 2,
      num_hidden_layers: 1,
      pad_token_id: 0,
      problem_type: 'single_label_classification',
      type_vocab_size: 2,
    });
    expect(await readJson('tokenizer_config.json')).toMatchObject({
      tokenizer_class: 'BertTokenizer',
      pad_token: '[PAD]',
      model_max_length: 16,
      truncation_side: 'right',
    });
    const { tensors, metadata } = readSafetensors(
      new Uint8Array(await readFile(join(directory, 'model.safetensors'))),
    );
    expect(metadata).toEqual({ format: 'pt' });
    const block = 'bert.encoder.layer.0';
    const linear = (name: string) => [`${name}.weight`, `${name}.bias`];
    expect([...tensors.keys()].sort()).toEqual(
      [
        'bert.embeddings.word_embeddings.weight',
        'bert.embeddings.position_embeddings.weight',
        'bert.embeddings.token_type_embeddings.weight',
        ...linear('bert.embeddings.LayerNorm'),
        ...['query', 'key', 'value'].flatMap((x) => linear(`${block}.attention.self.${x}`)),
        ...linear(`${block}.attention.output.dense`),
        ...linear(`${block}.attention.output.LayerNorm`),
        ...linear(`${block}.intermediate.dense`),
        ...linear(`${block}.output.dense`),
        ...linear(`${block}.output.LayerNorm`),
        ...linear('bert.pooler.dense'),
        ...linear('classifier'),
      ].sort(),
    );
    expect(tensors.get('classifier.weight')!.shape).toEqual([2, 16]);
  });

  it('says that a text may have several labels', async () => {
    using several = await TextClassifier.create({ ...TINY, multiLabel: true });
    await several.train(toyMultiLabelTexts(32), { ...FIT, epochs: 1 });
    const files = new Map<string, Uint8Array>();
    await several.save(files);
    const config = JSON.parse(new TextDecoder().decode(files.get('config.json')));
    expect(config.problem_type).toBe('multi_label_classification');
    using again = await TextClassifier.load(files);
    expect(await again.predict(TEXTS)).toEqual(await several.predict(TEXTS));
  });

  it('is loaded from a path, a file URL, a Map and a Storage', async () => {
    const files = new Map<string, Uint8Array>();
    for (const name of NAMES) {
      files.set(name, new Uint8Array(await readFile(join(directory, name))));
    }
    await expectTheSame(() => TextClassifier.load(directory));
    await expectTheSame(() => TextClassifier.load(pathToFileURL(directory)));
    await expectTheSame(() => TextClassifier.load(files));
    await expectTheSame(() => TextClassifier.load(new MemoryStorage(files)));
  });

  it('is loaded from a web server, which may lack the optional file', async () => {
    const server = createServer(async (request, response) => {
      const name = request.url!.split('/').at(-1)!;
      const isThere = request.url!.startsWith('/models/spam/') && NAMES.includes(name);
      response.statusCode = isThere ? 200 : 404;
      response.end(isThere ? await readFile(join(directory, name)) : '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models`;
    try {
      await expectTheSame(() => TextClassifier.load(`${address}/spam`));
      await expectRefusal(
        () => TextClassifier.load(`${address}/ham`),
        'STORAGE',
        /ham.*404|404.*ham/,
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it('is loaded where Hugging Face wrote it: without a seal, with keys we do not know', async () => {
    const { anyformer, ...config } = await readJson('config.json');
    const sealed = NAMES.filter((name) => name !== 'config.json');
    expect(Object.keys(anyformer.files).sort()).toEqual(sealed);
    const files = new Map<string, Uint8Array>();
    for (const name of ['model.safetensors', 'tokenizer.json']) {
      files.set(name, new Uint8Array(await readFile(join(directory, name))));
    }
    const foreign = { ...config, transformers_version: '4.40.0', classifier_dropout: null };
    files.set('config.json', new TextEncoder().encode(JSON.stringify(foreign)));
    await expectTheSame(() => TextClassifier.load(files));
  });

  it('reports the bytes as they come and takes no option it does not know', async () => {
    const seen: Progress[] = [];
    using _ = await TextClassifier.load(directory, { onProgress: (x) => seen.push(x) });
    const sizes = await Promise.all(
      NAMES.map(async (name) => (await readFile(join(directory, name))).length),
    );
    expect(seen.at(-1)).toMatchObject({ phase: 'load', step: sizes.reduce((a, b) => a + b) });
    await expectRefusal(
      () => TextClassifier.load(directory, { onprogress: () => {} } as object),
      'UNKNOWN_OPTION',
      /TextClassifier\.load: unknown option 'onprogress'; did you mean 'onProgress'\? Known are onProgress, signal/,
    );
  });
});
