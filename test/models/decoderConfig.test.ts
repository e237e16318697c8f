import { describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { readHfConfig, writeHfConfig } from '../../src/formats/hfConfig.ts';
import { type DecoderOptions, parseDecoderConfig } from '../../src/models/decoderConfig.ts';
import { decoderConfigFromHf, decoderConfigToHf } from '../../src/models/decoderHfConfig.ts';

describe('parseDecoderConfig', () => {
  it("fills in the defaults of Hugging Face's GPT2Config and LlamaConfig", () => {
    const rest = { initializerRange: 0.02 };
    expect(parseDecoderConfig({ vocabSize: 50257 })).toEqual({
      type: 'gpt2',
      vocabSize: 50257,
      hiddenSize: 768,
      numHiddenLayers: 12,
      numAttentionHeads: 12,
      numKeyValueHeads: 12,
      headDim: 64,
      intermediateSize: 3072,
      hiddenAct: 'gelu_new',
      maxPositionEmbeddings: 1024,
      normEps: 1e-5,
      tieWordEmbeddings: true,
      attentionBias: true,
      mlpBias: true,
      embeddingDropout: 0.1,
      residualDropout: 0.1,
      attentionDropout: 0.1,
      ...rest,
    });
    expect(parseDecoderConfig({ type: 'llama', vocabSize: 32000, numKeyValueHeads: 8 })).toEqual({
      type: 'llama',
      vocabSize: 32000,
      hiddenSize: 4096,
      numHiddenLayers: 32,
      numAttentionHeads: 32,
      numKeyValueHeads: 8,
      headDim: 128,
      intermediateSize: 11008,
      hiddenAct: 'silu',
      maxPositionEmbeddings: 2048,
      normEps: 1e-6,
      tieWordEmbeddings: false,
      ropeTheta: 10000,
      attentionBias: false,
      mlpBias: false,
      embeddingDropout: 0,
      residualDropout: 0,
      attentionDropout: 0,
      ...rest,
    });
  });

  it('is complete: parsing it again changes nothing', () => {
    for (const type of ['gpt2', 'llama'] as const) {
      const config = parseDecoderConfig({ type, vocabSize: 9, eosTokenId: [1, 2] });
      expect(parseDecoderConfig(config)).toEqual(config);
    }
  });

  it('sets the rates by dropout, unless they are given', () => {
    const rates = (options: object) => {
      const config = parseDecoderConfig({ vocabSize: 9, ...options });
      return [config.embeddingDropout, config.residualDropout, config.attentionDropout];
    };
    expect(rates({ dropout: 0.3 })).toEqual([0.3, 0.3, 0.3]);
    expect(rates({ type: 'llama', dropout: 0.3, attentionDropout: 0 })).toEqual([0.3, 0.3, 0]);
  });

  it('takes a head width that has nothing to do with hiddenSize', () => {
    const config = parseDecoderConfig({
      ...{ type: 'llama', vocabSize: 9, hiddenSize: 10 },
      ...{ numAttentionHeads: 4, headDim: 6 },
    });
    expect(config.headDim).toBe(6);
  });

  it.each<[object, string]>([
    [
      { hiddenSize: 64, numAttentionHeads: 5 },
      'numAttentionHeads 5 does not divide hiddenSize 64; use 1, 2, 4, 8, 16, 32 or 64.',
    ],
    [
      { type: 'llama', numAttentionHeads: 8, numKeyValueHeads: 3 },
      'numKeyValueHeads 3 does not divide numAttentionHeads 8; use 1, 2, 4 or 8.',
    ],
    [{ type: 'llama', headDim: 7 }, 'headDim 7 is odd'],
    [{ vocabSize: undefined }, "decoder: option 'vocabSize' is missing."],
    [{ nEmbd: 3 }, "unknown option 'nEmbd'; known are"],
    [{ type: 'bert' }, "type must be 'gpt2' or 'llama', received 'bert'."],
    [{ padTokenId: 9 }, 'padTokenId 9 is not below vocabSize 9'],
    [{ eosTokenId: [1, -1] }, 'eosTokenId'],
    [{ numKeyValueHeads: 2 }, "numKeyValueHeads 2 is for type 'llama'; for 'gpt2' it is 12."],
    [{ ropeTheta: 100 }, "ropeTheta 100 is for type 'llama'; for 'gpt2' leave it out."],
    [{ mlpBias: false }, "mlpBias false is for type 'llama'; for 'gpt2' it is true."],
    [{ dropout: 1 }, 'decoder: dropout must be'],
  ])('refuses %o', (change, message) => {
    const parse = () => parseDecoderConfig({ vocabSize: 9, ...change } as DecoderOptions);
    expect(parse).toThrow(message);
    expect(parse).toThrow(AnyformerError);
  });
});

describe('decoderConfigToHf and decoderConfigFromHf', () => {
  it.each<DecoderOptions>([
    { vocabSize: 9 },
    { vocabSize: 9, hiddenAct: 'relu', dropout: 0, tieWordEmbeddings: false, bosTokenId: 1 },
    { type: 'llama', vocabSize: 9, eosTokenId: [1, 2], padTokenId: 0, ropeTheta: 500 },
    { type: 'llama', vocabSize: 9, dropout: 0.1, attentionBias: true, mlpBias: true, headDim: 6 },
  ])('go there and back: %o', (options) => {
    const config = parseDecoderConfig(options);
    expect(decoderConfigFromHf(readHfConfig(writeHfConfig(decoderConfigToHf(config))))).toEqual(
      config,
    );
  });

  it.each<[DecoderOptions, string[]]>([
    [
      { vocabSize: 9 },
      [
        ...['activation_function', 'architectures', 'attn_pdrop', 'bos_token_id', 'embd_pdrop'],
        ...['eos_token_id', 'initializer_range', 'layer_norm_epsilon', 'model_type', 'n_embd'],
        ...['n_head', 'n_inner', 'n_layer', 'n_positions', 'pad_token_id', 'resid_pdrop'],
        ...['tie_word_embeddings', 'vocab_size'],
      ],
    ],
    [
      { type: 'llama', vocabSize: 9 },
      [
        ...['architectures', 'attention_bias', 'attention_dropout', 'bos_token_id'],
        ...['eos_token_id', 'head_dim', 'hidden_act', 'hidden_size', 'initializer_range'],
        ...['intermediate_size', 'max_position_embeddings', 'mlp_bias', 'model_type'],
        ...['num_attention_heads', 'num_hidden_layers', 'num_key_value_heads', 'pad_token_id'],
        ...['rms_norm_eps', 'rope_theta', 'tie_word_embeddings', 'vocab_size'],
      ],
    ],
  ])('writes nothing that Hugging Face does not know: %o', (options, keys) => {
    const bytes = writeHfConfig(decoderConfigToHf(parseDecoderConfig(options)));
    expect(Object.keys(JSON.parse(new TextDecoder().decode(bytes))).sort()).toEqual(keys);
  });

  it('reads ropeTheta from either generation of configs', () => {
    const llama = { modelType: 'llama', vocabSize: 9 };
    const theta = (json: object) => decoderConfigFromHf({ ...llama, ...json }).ropeTheta;
    expect(theta({})).toBe(10000);
    expect(theta({ ropeTheta: 500, ropeScaling: null })).toBe(500);
    expect(theta({ ropeParameters: { ropeTheta: 600, ropeType: 'default' } })).toBe(600);
  });

  it.each([
    [{ modelType: 'bert' }, 'UNSUPPORTED', "'bert' is not a decoder served here"],
    [{ scaleAttnByInverseLayerIdx: true }, 'UNSUPPORTED', 'only false'],
    [{ addCrossAttention: true }, 'UNSUPPORTED', 'only false'],
    [{ ropeScaling: { type: 'linear', factor: 2 } }, 'UNSUPPORTED', "'linear' is not served"],
    [{ ropeParameters: { ropeType: 'llama3' } }, 'UNSUPPORTED', "only 'default'"],
    [{ nEmbd: 'wide' }, 'INVALID_FILE', "received 'wide'"],
    [{ vocabSize: null }, 'INVALID_FILE', "'vocabSize' is missing"],
  ])('refuses %o', (change, code, message) => {
    const json = { modelType: 'gpt2', vocabSize: 9, ...change };
    try {
      decoderConfigFromHf(json);
      expect.fail('it was taken');
    } catch (error) {
      expect(error).toMatchObject({ code });
      expect((error as Error).message).toContain(message);
    }
  });
});
