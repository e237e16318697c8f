import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkExamples,
  collectLabels,
  encodeLabels,
  encodeMultiLabels,
  isMultiLabel,
  requireSeveralLabels,
  type TextExample,
} from '../../src/data/labels.ts';

const example = (label: string | string[], text = 'a text'): TextExample => ({ text, label });

describe('checkExamples', () => {
  it('accepts single labels, lists of labels, empty texts', () => {
    checkExamples([example('a'), example('b', '')], 'train');
    checkExamples([example([]), example(['a', 'b'])], 'train');
  });

  it.each<[unknown, RegExp]>([
    [[], /^train received an empty dataset/],
    [
      undefined,
      /^train takes .*a File or Blob, or an array of \{ text, label \}, received undefined/,
    ],
    [{ text: 'a', label: 'b' }, /takes .* or an array of \{ text, label \}/],
    [[example('a'), null], /^train: example 1 must be \{ text, label \}, is null/],
    [['text'], /example 0 must be .* is 'text'/],
    [[example('a'), { text: 42, label: 'a' }], /example 1: text must be a string, is 42\./],
    [[{ text: undefined, label: 'a' }], /example 0: text must be a string, is undefined/],
    [[{ text: 'a' }], /example 0: label must be a non-empty string, is undefined/],
    [[{ text: 'a', label: 1 }], /label must be a non-empty string, is 1/],
    [[{ text: 'a', label: '' }], /label must be a non-empty string, is ''/],
    [[example('a'), example(['b'])], /example 1: label is \['b'\], though example 0 has one label/],
    [[example(['a']), example('b')], /example 1: label is 'b', though example 0 has a list/],
    [[example(['a']), { text: 'b', label: 3 }], /example 1: label must be an array .* is 3/],
    [[{ text: 'a', label: ['b', 7] }], /label must hold non-empty strings, is \['b', 7\]/],
    [[example(['a', 'a'])], /label repeats in \['a', 'a'\]/],
    [Array.of(example('a'), ...new Array(1)), /example 1 must be .* is undefined/],
  ])('refuses %j', (examples, message) => {
    expect(() => checkExamples(examples, 'train')).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA', message: expect.stringMatching(message) }),
    );
  });
});

describe('labels', () => {
  it('have an order that does not depend on the examples', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 })), fc.nat(), (labels, rotation) => {
        const examples = labels.map((label) => example(label));
        const at = rotation % (labels.length + 1);
        const rotated = [...examples.slice(at), ...examples.slice(0, at)];
        expect(collectLabels(rotated)).toEqual(collectLabels(examples));
        expect(new Set(collectLabels(examples))).toEqual(new Set(labels));
      }),
    );
  });

  it('stand by number where all are integers', () => {
    const digits = ['10', '9', '2', '-1'].map((label) => example(label));
    expect(collectLabels(digits)).toEqual(['-1', '2', '9', '10']);
    expect(collectLabels([...digits, example('x')])).toEqual(['-1', '10', '2', '9', 'x']);
    expect(collectLabels([example(['b', 'a']), example([])])).toEqual(['a', 'b']);
  });

  it('must be two at least to be learnt', () => {
    requireSeveralLabels([example('a'), example('b')], 'train');
    requireSeveralLabels([example(['a', 'b'])], 'train');
    const refused = (examples: TextExample[], message: RegExp) =>
      expect(() => requireSeveralLabels(examples, 'train')).toThrow(
        expect.objectContaining({ code: 'INVALID_DATA', message: expect.stringMatching(message) }),
      );
    refused([example('spam'), example('spam')], /the 2 examples have only the label 'spam'/);
    refused([example([])], /have no label at all/);
  });

  it('tell one label from several', () => {
    expect(isMultiLabel([example('a')])).toBe(false);
    expect(isMultiLabel([example([])])).toBe(true);
  });
});

describe('encoding', () => {
  const labels = ['ham', 'phishing', 'spam'];

  it('gives indices, and rows of zeros and ones', () => {
    const single = [example('spam'), example('ham')];
    expect(encodeLabels(single, labels, 'train')).toEqual(Int32Array.of(2, 0));
    const multi = [example(['spam', 'ham']), example([]), example(['phishing'])];
    expect(encodeMultiLabels(multi, labels, 'train')).toEqual(
      Float32Array.of(1, 0, 1, 0, 0, 0, 0, 1, 0),
    );
  });

  it('names a label that is not in the list, and the known ones', () => {
    const examples = [example('ham'), example('Spam')];
    const message =
      "train: example 1 has the label 'Spam', which is not in the list; known are 'ham', 'phishing', 'spam'. Did you mean 'spam'?";
    expect(() => encodeLabels(examples, labels, 'train')).toThrow(
      expect.objectContaining({ code: 'INVALID_DATA', message }),
    );
    expect(() => encodeMultiLabels(examples, labels, 'train')).toThrow(message);
    expect(() => encodeLabels([example('toString')], labels, 'train')).toThrow(/'toString'/);
    expect(() => encodeLabels([example(['ham'])], labels, 'train')).toThrow(/multi-label model/);
  });
});
