import { describe, expect, it } from 'vitest';
import { readHfConfig, writeHfConfig } from '../../src/formats/hfConfig.ts';
import { parseEncoderDecoderConfig } from '../../src/models/encoderDecoderConfig.ts';
import {
  encoderDecoderConfigFromHf,
  encoderDecoderConfigToHf,
} from '../../src/models/encoderDecoderHfConfig.ts';
import { tinyEncoderDecoders } from './tinyEncoderDecoders.ts';

describe('parseEncoderDecoderConfig', () => {
  it("has the defaults of Hugging Face's BART and Marian", () => {
    expect(parseEncoderDecoderConfig({ type: 'bart', vocabSize: 50265 })).toMatchObject({
      ...{ hiddenSize: 1024, encoderLayers: 12, decoderLayers: 12, decoderAttentionHeads: 16 },
      ...{ encoderFfnDim: 4096, hiddenAct: 'gelu', layernormEmbedding: true, positions: 'learned' },
      ...{ padTokenId: 1, bosTokenId: 0, eosTokenId: 2, decoderStartTokenId: 2, initStd: 0.02 },
    });
    expect(parseEncoderDecoderConfig({ type: 'marian', vocabSize: 58101 })).toMatchObject({
      ...{ positions: 'sinusoidal', layernormEmbedding: false, decoderVocabSize: 58101 },
      ...{ shareEncoderDecoderEmbeddings: true, padTokenId: 58100, eosTokenId: 0 },
    });
  });

  it('takes sizes for both stacks or for one', () => {
    const options = { vocabSize: 9, numHiddenLayers: 3, decoderLayers: 1, numAttentionHeads: 2 };
    expect(parseEncoderDecoderConfig(options)).toMatchObject({
      ...{ encoderLayers: 3, decoderLayers: 1, encoderAttentionHeads: 2, decoderAttentionHeads: 2 },
    });
  });

  it.each([
    [{ numAttentionHeads: 3 }, /AttentionHeads 3 does not divide hiddenSize 256/],
    [{ decoderVocabSize: 4, shareEncoderDecoderEmbeddings: true }, /cannot share embeddings; set/],
    [{ type: 'bart', decoderVocabSize: 4 }, /cannot share embeddings; use type/],
    [{ type: 'bart', shareEncoderDecoderEmbeddings: false }, /is for types 'marian'/],
    [{ type: 'bart', normalizeFirst: true }, /normalizeFirst true is for type 'transformer'/],
    [{ type: 'bart', positions: 'sinusoidal' }, /for 'bart' it is 'learned'/],
    [{ layernormEmbedding: true, normalizeFirst: true }, /do not go together/],
    [{ padTokenId: 9 }, /padTokenId 9 is not below the vocabulary's size 9/],
    [{ decoderStartTokenId: 9 }, /decoderStartTokenId 9 is not below/],
    [{ layers: 2 }, /layers/],
    [{ hiddenAct: 'maxout' }, /maxout/],
  ])('refuses %o', (options, pattern) => {
    const parse = () => parseEncoderDecoderConfig({ vocabSize: 9, ...options } as never);
    expect(parse).toThrow(pattern);
  });
});

describe('config.json', () => {
  it.each(tinyEncoderDecoders)('comes back as it was saved: $name', ({ options }) => {
    const config = parseEncoderDecoderConfig({ ...options, attentionDropout: 0.25 });
    const json = readHfConfig(writeHfConfig(encoderDecoderConfigToHf(config)));
    expect(encoderDecoderConfigFromHf(json)).toEqual(config);
  });

  it("is written with Hugging Face's keys", () => {
    const config = parseEncoderDecoderConfig({ ...tinyEncoderDecoders[1]!.options });
    const json = JSON.parse(
      new TextDecoder().decode(writeHfConfig(encoderDecoderConfigToHf(config))),
    );
    expect(json).toMatchObject({
      ...{ model_type: 'marian', architectures: ['MarianMTModel'], is_encoder_decoder: true },
      ...{ d_model: 12, encoder_layers: 2, decoder_ffn_dim: 13, activation_function: 'silu' },
      ...{ scale_embedding: true, share_encoder_decoder_embeddings: true, bos_token_id: null },
    });
    expect(json).not.toHaveProperty('positions');
  });

  it.each([
    [{ modelType: 't5' }, 'UNSUPPORTED', /model_type 't5'/],
    [{ modelType: 'bart', isEncoderDecoder: false }, 'UNSUPPORTED', /is_encoder_decoder true/],
    [{ modelType: 'bart', normalizeBefore: true }, 'UNSUPPORTED', /normalizeBefore true/],
    [{ modelType: 'bart', dModel: 30 }, 'INVALID_FILE', /does not divide hiddenSize 30/],
  ])('is refused: %o', (json, code, pattern) => {
    const read = () => encoderDecoderConfigFromHf({ vocabSize: 9, ...json });
    expect(read).toThrow(pattern);
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});
