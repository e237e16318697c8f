import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupRepeats, textKey } from '../../src/data/repeats.ts';

describe('textKey', () => {
  it.each([
    ['Hello World', ' hello\t\n world '],
    ['ＡＢＣ', 'abc'],
    ['ﬁne', 'fine'],
    ['cafe\u0301', 'CAFÉ'],
    ['a\u00a0b', 'a b'],
    // A capital J with a caron is two characters, the small one may be one.
    ['J\u030c', '\u01f0'],
  ])('%j and %j are the same', (a, b) => expect(textKey(a)).toBe(textKey(b)));

  it.each([
    ['hello', 'hello!'],
    ['ab', 'a b'],
    ['cafe', 'café'],
  ])('%j and %j differ', (a, b) => expect(textKey(a)).not.toBe(textKey(b)));

  it('of a key is the key', () => {
    const changed: string[] = [];
    for (let code = 0; code < 0x20000; code++) {
      // With a caron after it, which NFKC joins to some letters.
      const key = textKey(`${String.fromCodePoint(code)}\u030c`);
      if (textKey(key) !== key) changed.push(code.toString(16));
    }
    expect(changed).toEqual([]);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(textKey(textKey(text))).toBe(textKey(text));
      }),
    );
  });
});

describe('groupRepeats', () => {
  it('numbers groups in order of appearance', () => {
    expect(groupRepeats(['b', 'a', ' B', 'c', 'A '])).toEqual(Int32Array.of(0, 1, 0, 2, 1));
    expect(groupRepeats([])).toEqual(new Int32Array());
  });

  it('gives two texts one number just when their keys are equal', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'A', ' a', 'b', 'b b', 'B  B', '')), (texts) => {
        const groups = groupRepeats(texts);
        for (const [i, a] of texts.entries()) {
          expect(groups[i]).toBeLessThanOrEqual(Math.max(-1, ...groups.slice(0, i)) + 1);
          for (const [j, b] of texts.entries()) {
            expect(groups[i] === groups[j]).toBe(textKey(a) === textKey(b));
          }
        }
      }),
    );
  });
});
