import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownWords } from '../../src/models/knownWords.ts';

describe('KnownWords', () => {
  const words = KnownWords.of(['I want a refund', 'Where is my parcel?', 'J’ai reçu 3 colis 😀']);

  it.each([
    ['I want a refund'],
    ['REFUND!!!'],
    // Begins as a known word.
    ['refunds'],
    ['refusal'],
    ['parcels'],
    // One known word of three.
    ['refund lorem ipsum'],
    ['my lorem ipsum'],
    // However the accent is written, and wide letters.
    ['rec\u0327u'],
    ['ＰＡＲＣＥＬ'],
    ['😀'],
    ['3'],
  ])('knows %j', (text) => expect(words.isFamiliar(text)).toBe(true));

  it.each([
    ['Lorem ipsum dolor'],
    ['refund lorem ipsum dolor'],
    // Four letters are no beginning of longer words.
    ['recu'],
    ['wan'],
    ['mystery'],
    ['33'],
    ['😡'],
    [''],
    ['   \n'],
    ['?!…—'],
    ['\ud83d'],
  ])('does not know %j', (text) => expect(words.isFamiliar(text)).toBe(false));

  it('takes scripts without blanks between words character by character', () => {
    const known = KnownWords.of(['荷物が届かない', 'ฉันต้องการเงินคืน']);
    expect(known.isFamiliar('荷物はどこですか')).toBe(true);
    expect(known.isFamiliar('猫')).toBe(false);
    expect(known.isFamiliar('เงิน')).toBe(true);
    // Also where they follow a letter, a digit or a mark that goes with any script.
    const mixed = KnownWords.of(['iPhoneを3月に買う']);
    for (const text of ['iphone', 'を', '3', '月', '買']) expect(mixed.isFamiliar(text)).toBe(true);
    expect(mixed.isFamiliar('iPad')).toBe(false);
    expect(KnownWords.of(['コーヒー']).isFamiliar('ヒヒヒ')).toBe(true);
  });

  it('knows every text it has learned from, when made of the saved numbers, too', () => {
    const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.lorem());
    fc.assert(
      fc.property(fc.array(text, { maxLength: 8 }), text, (texts, other) => {
        const known = KnownWords.of(texts);
        const again = new KnownWords(known.hashes);
        for (const text of texts) {
          const hasWords = /[\p{L}\p{M}\p{N}\p{S}]/u.test(text.normalize('NFKC').toLowerCase());
          expect(known.isFamiliar(text)).toBe(hasWords);
          expect(again.isFamiliar(text)).toBe(hasWords);
        }
        expect(again.isFamiliar(other)).toBe(known.isFamiliar(other));
        expect(again.hashes).toEqual(known.hashes);
      }),
    );
  });

  it('has rising numbers that do not depend on the order, each once', () => {
    const { hashes } = KnownWords.of(['b a', 'c a']);
    expect(hashes).toHaveLength(3);
    expect([...hashes]).toEqual([...hashes].sort((a, b) => a - b));
    expect(KnownWords.of(['c', 'a', 'b b']).hashes).toEqual(hashes);
    // A long word has its beginning beside itself.
    expect(KnownWords.of(['refund']).hashes).toHaveLength(2);
    expect(new KnownWords().hashes).toHaveLength(0);
    expect(new KnownWords().isFamiliar('a')).toBe(false);
  });

  it('learns more', () => {
    const more = new KnownWords(words.hashes);
    expect(more.isFamiliar('invoice')).toBe(false);
    more.add('An invoice');
    expect(more.isFamiliar('invoice')).toBe(true);
    expect(more.isFamiliar('refund')).toBe(true);
    expect(words.isFamiliar('invoice')).toBe(false);
  });
});
