import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/core/nearestName.ts';
import { parseOptions } from '../../src/core/options.ts';

const schema = v.strictObject({
  epochs: v.optional(v.number()),
  batchSize: v.optional(v.number()),
  encoder: v.optional(v.strictObject({ hiddenSize: v.optional(v.number()) })),
});

describe('parseOptions', () => {
  it('names the option that was probably meant, then all', () => {
    expect(() => parseOptions('train', schema, { epohcs: 3 })).toThrow(
      "train: unknown option 'epohcs'; did you mean 'epochs'? Known are batchSize, encoder, epochs.",
    );
    expect(() => parseOptions('train', schema, { encoder: { hiddensize: 3 } })).toThrow(
      "unknown option 'encoder.hiddensize'; did you mean 'hiddenSize'? Known are hiddenSize.",
    );
  });

  it('suggests nothing far away', () => {
    expect(() => parseOptions('train', schema, { colour: 3 })).toThrow(
      "train: unknown option 'colour'; known are batchSize, encoder, epochs.",
    );
  });
});

describe('nearestName', () => {
  it('suggests what was probably meant, and nothing far away', () => {
    const names = ['text', 'label', 'numAttentionHeads'];
    expect(nearestName('txt', names)).toBe('text');
    expect(nearestName('LABELS', names)).toBe('label');
    expect(nearestName('numAttentionHead', names)).toBe('numAttentionHeads');
    expect(nearestName('body', names)).toBeUndefined();
    expect(nearestName('x', [])).toBeUndefined();
  });
});
