import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  camelToSnake,
  labelsFromConfig,
  labelsToConfig,
  readHfConfig,
  snakeToCamel,
  writeHfConfig,
} from '../../src/formats/hfConfig.ts';
import { parseJsonObject } from '../../src/formats/json.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('names', () => {
  it.each([
    ['hidden_size', 'hiddenSize'],
    ['num_attention_heads', 'numAttentionHeads'],
    ['d_model', 'dModel'],
    ['n_embd', 'nEmbd'],
    ['id2label', 'id2label'],
    ['scale_attn_by_inverse_layer_idx', 'scaleAttnByInverseLayerIdx'],
    ['_from_model_config', '_fromModelConfig'],
    ['layer_1', 'layer_1'],
    ['use_bfloat16_now', 'useBfloat16Now'],
  ])('%s <-> %s', (snake, camel) => {
    expect(snakeToCamel(snake)).toBe(camel);
    expect(camelToSnake(camel)).toBe(snake);
  });

  it('every lower-case snake name comes back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^_{0,2}[a-z0-9]+(_{1,2}[a-z0-9]+){0,4}$/), (name) => {
        expect(camelToSnake(snakeToCamel(name))).toBe(name);
      }),
    );
  });
});

describe('readHfConfig and writeHfConfig', () => {
  it('map nested objects, and leave keys that are data', () => {
    const config = {
      id2label: { 0: 'is_spam', 1: 'notSpam' },
      rope_parameters: { rope_theta: 10000 },
      layers: [{ hidden_size: 4 }],
      anyformer: { files: { 'tokenizer_config.json': { bytes: 1 } } },
    };
    const camel = readHfConfig(JSON.stringify(config));
    expect(camel).toEqual({
      id2label: { 0: 'is_spam', 1: 'notSpam' },
      ropeParameters: { ropeTheta: 10000 },
      layers: [{ hiddenSize: 4 }],
      anyformer: config.anyformer,
    });
    expect(JSON.parse(text(writeHfConfig(camel)))).toEqual(config);
  });

  it('write sorted keys, two spaces and a final line break, and leave out undefined', () => {
    expect(text(writeHfConfig({ modelType: 'bert', hiddenSize: 4, padTokenId: undefined }))).toBe(
      '{\n  "hidden_size": 4,\n  "model_type": "bert"\n}\n',
    );
  });

  it.each([
    [{ a: { b: Number.NaN } }, /a\.b is NaN/],
    [{ list: [1, Number.POSITIVE_INFINITY] }, /list\[1\] is Infinity/],
    [{ map: new Map() }, /map is an object of class Map/],
    [{ call: () => 1 }, /call is a function/],
    [{ hiddenSize: 1, hidden_size: 2 }, /'hidden_size' in two spellings/],
  ])('refuse to write %o', (config, reason) => {
    expect(() => writeHfConfig(config)).toThrow(reason);
  });

  it.each([
    ['{"a":', /model\/config\.json is not JSON/],
    ['', /is not JSON/],
    ['<!doctype html>', /begins with '<!doctype html>'/],
    ['[1]', /must hold a JSON object, received \[1\]/],
    ['null', /must hold a JSON object, received null/],
    ['{"a":1,"a":2}', /key 'a' twice/],
    ['{"x":{"a":[{"b":1,"b":2}]}}', /key 'b' twice/],
    ['{"hidden_size":1,"hiddenSize":2}', /'hiddenSize' in two spellings/],
    ['\ufeff{}', /is not JSON/],
  ])('refuse to read %s', (json, reason) => {
    expect(() => readHfConfig(new TextEncoder().encode(json), 'model/config.json')).toThrow(
      expect.objectContaining({ code: 'INVALID_FILE', message: expect.stringMatching(reason) }),
    );
  });

  it('do not take strings that look like keys for keys', () => {
    expect(readHfConfig('{"a":["b","b"],"c":"a","d":"{\\"a\\":1}","e":{"a":1}}')).toHaveProperty(
      'e',
    );
  });
});

describe('parseJsonObject', () => {
  it('bears strings of many megabytes', () => {
    const json = JSON.stringify({ plain: 'a'.repeat(2e7), escaped: '\n'.repeat(2e7), z: 1 });
    expect(parseJsonObject(json, 'x.json')).toHaveProperty('z', 1);
  });

  it('takes the last of two equal keys, as JSON.parse does, only where it is told to', () => {
    const json = '{"a":{"b":1,"b":2}}';
    expect(() => parseJsonObject(json, 'x.json')).toThrow(/key 'b' twice/);
    expect(parseJsonObject(json, 'x.json', { uniqueKeys: false })).toEqual({ a: { b: 2 } });
  });

  it('agrees with JSON.parse on every object', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (value, indented) => {
        const json = JSON.stringify(value, null, indented ? 2 : 0);
        expect(parseJsonObject(json, 'x.json')).toEqual(JSON.parse(json));
      }),
    );
  });
});

describe('labels', () => {
  it('come back in order of their ids', () => {
    const labels = Array.from({ length: 12 }, (_, id) => `label ${id}`);
    expect(labelsFromConfig(labelsToConfig(labels))).toEqual(labels);
    expect(labelsFromConfig({})).toBeUndefined();
  });

  it.each([
    [['a'], /must be an object of id: label/],
    [{ 1: 'a', 2: 'b' }, /none for id 0/],
    [{ 0: 'a', 1: 7 }, /id2label\.1 must be a text, is 7/],
    [{ 0: 'a', 1: 'a' }, /label 'a' twice/],
  ])('refuses %o', (id2label, reason) => {
    expect(() => labelsFromConfig({ id2label })).toThrow(reason);
  });
});

describe.each([
  'reference/hf-parity/bert-seqcls/config.json',
  'reference/hf-parity/gpt2-lm/config.json',
  'reference/hf-parity/bart-seq2seq/config.json',
  'reference/hf-parity/bart-seq2seq/generation_config.json',
  'pretrained/stories260K/hf/config.json',
])('%s', (path) => {
  const file = sharedDataOrSay(path, 'reading and rewriting a config.json of HF');

  it.skipIf(file === undefined)('comes back as it was', () => {
    const bytes = readFileSync(file!);
    const config = readHfConfig(bytes, path);
    expect(Object.keys(config).some((key) => /[a-z]_[a-z]/.test(key))).toBe(false);
    expect(JSON.parse(text(writeHfConfig(config)))).toEqual(JSON.parse(bytes.toString()));
  });
});
