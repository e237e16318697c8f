import { describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import { readHfConfig, writeHfConfig } from '../../src/formats/hfConfig.ts';
import {
  type EncoderOptions,
  encoderConfigFromHf,
  encoderConfigToHf,
  parseEncoderConfig,
} from '../../src/models/encoderConfig.ts';

describe('parseEncoderConfig', () => {
  it("fills in the defaults of Hugging Face's BertConfig", () => {
    expect(parseEncoderConfig({ type: 'bert', vocabSize: 30522 })).toEqual({
      type: 'bert',
      vocabSize: 30522,
      hiddenSize: 768,
      numHiddenLayers: 12,
      numAttentionHeads: 12,
      intermediateSize: 3072,
      hiddenAct: 'gelu',
      hiddenDropoutProb: 0.1,
      attentionProbsDropoutProb: 0.1,
      maxPositionEmbeddings: 512,
      typeVocabSize: 2,
      layerNormEps: 1e-12,
      initializerRange: 0.02,
      padTokenId: 0,
      normalizeFirst: false,
      pooling: 'cls',
    });
  });

  it('sets both rates by dropout, unless they are given', () => {
    const rates = (options: object) => {
      const config = parseEncoderConfig({ vocabSize: 9, ...options });
      return [config.hiddenDropoutProb, config.attentionProbsDropoutProb];
    };
    expect(rates({ dropout: 0.3 })).toEqual([0.3, 0.3]);
    expect(rates({ dropout: 0.3, attentionProbsDropoutProb: 0 })).toEqual([0.3, 0]);
  });

  it.each([
    [
      { hiddenSize: 64, numAttentionHeads: 5 },
      'numAttentionHeads 5 does not divide hiddenSize 64; use 1, 2, 4, 8, 16, 32 or 64.',
    ],
    [{ hiddenSize: 0 }, 'encoder: hiddenSize must be a positive integer, received 0.'],
    [{ vocabSize: undefined }, "encoder: option 'vocabSize' is missing."],
    [{ hiddenAct: 'rely' }, "Activation 'rely' is not known"],
    [{ hidden_size: 3 }, "unknown option 'hidden_size'; did you mean 'hiddenSize'? Known are"],
    [{ type: 'gpt2' }, "encoder: type must be 'transformer' or 'bert', received 'gpt2'."],
    [{ padTokenId: 9 }, 'padTokenId 9 is not below vocabSize 9'],
    [{ type: 'bert', typeVocabSize: 0 }, "for type 'bert', received 0"],
    [{ type: 'bert', normalizeFirst: true }, 'normalizeFirst is for type'],
    [{ dropout: Number.NaN }, 'encoder: dropout must be'],
  ])('refuses %o', (change, message) => {
    const parse = () => parseEncoderConfig({ vocabSize: 9, ...change } as EncoderOptions);
    expect(parse).toThrow(message);
    expect(parse).toThrow(AnyformerError);
  });
});

describe('encoderConfigToHf and encoderConfigFromHf', () => {
  it.each<EncoderOptions>([
    { vocabSize: 9 },
    { vocabSize: 9, normalizeFirst: true, pooling: 'cls', hiddenAct: 'gelu_new', dropout: 0 },
    { type: 'bert', vocabSize: 9, hiddenAct: 'gelu_pytorch_tanh' },
    { type: 'bert', vocabSize: 9, pooling: 'mean' },
  ])('go there and back: %o', (options) => {
    const config = parseEncoderConfig(options);
    expect(encoderConfigFromHf(readHfConfig(writeHfConfig(encoderConfigToHf(config))))).toEqual(
      config,
    );
  });

  it('writes nothing into the config of a plain BERT that Hugging Face does not know', () => {
    const text = new TextDecoder().decode(
      writeHfConfig(encoderConfigToHf(parseEncoderConfig({ type: 'bert', vocabSize: 9 }))),
    );
    expect(Object.keys(JSON.parse(text)).sort()).toEqual([
      'attention_probs_dropout_prob',
      'hidden_act',
      'hidden_dropout_prob',
      'hidden_size',
      'initializer_range',
      'intermediate_size',
      'layer_norm_eps',
      'max_position_embeddings',
      'model_type',
      'num_attention_heads',
      'num_hidden_layers',
      'pad_token_id',
      'type_vocab_size',
      'vocab_size',
    ]);
  });

  it.each([
    [{ modelType: 'gpt2' }, 'UNSUPPORTED', "'gpt2' is not an encoder served here"],
    [{ positionEmbeddingType: 'relative_key' }, 'UNSUPPORTED', "only 'absolute'"],
    [{ isDecoder: true }, 'UNSUPPORTED', 'only false'],
    [{ hiddenSize: 'wide' }, 'INVALID_FILE', "received 'wide'"],
    [{ vocabSize: null }, 'INVALID_FILE', "'vocabSize' is missing"],
  ])('refuses %o', (change, code, message) => {
    const json = { modelType: 'bert', vocabSize: 9, architectures: ['BertModel'], ...change };
    try {
      encoderConfigFromHf(json);
      expect.fail('it was taken');
    } catch (error) {
      expect(error).toMatchObject({ code });
      expect((error as Error).message).toContain(message);
    }
  });
});
