import { expect, test } from 'vitest';
import { decaysByDefault } from '../../src/train/weightDecay.ts';

test.each([
  'bert.embeddings.word_embeddings.weight',
  'bert.encoder.layer.0.attention.self.query.weight',
  'transformer.h.0.attn.c_attn.weight',
  'transformer.wte.weight',
  'model.layers.0.mlp.gate_proj.weight',
  'model.decoder.embed_positions.weight',
  'classifier.weight',
  'dense_Dense1/kernel',
  'normal_head.weight',
])('%s decays', (name) => expect(decaysByDefault(name)).toBe(true));

test.each([
  'bert.encoder.layer.0.attention.self.query.bias',
  'bert.encoder.layer.0.attention.output.LayerNorm.weight',
  'transformer.h.11.ln_1.weight',
  'transformer.ln_f.weight',
  'model.layers.0.input_layernorm.weight',
  'model.layers.0.self_attn.q_norm.weight',
  'model.norm.weight',
  'model.encoder.layers.0.self_attn_layer_norm.weight',
  'distilbert.transformer.layer.0.sa_layer_norm.weight',
  'encoder.block.0.layer.0.layer_norm.weight',
  'rms_normalization_RMSNormalization1/scale',
  'rmsnorm.weight',
  'layer_normalization_LayerNormalization1/gamma',
  'batch_normalization_BatchNormalization1/beta',
  'dense_Dense1/bias',
])('%s does not decay', (name) => expect(decaysByDefault(name)).toBe(false));
