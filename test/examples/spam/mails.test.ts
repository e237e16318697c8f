import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { loadMails, splitMails, stripHeaders, stripHtml } from '../../../examples/spam/mails.mjs';

const mails = loadMails();
const count = (label: string, list = mails) => list.filter((mail) => mail.label === label).length;
const digest = (list: typeof mails) =>
  createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 16);

describe('loadMails', () => {
  it('gives 5,851 mails, 1,740 of them spam, always the same', () => {
    expect([mails.length, count('spam'), count('ham')]).toEqual([5851, 1740, 4111]);
    expect(digest(loadMails())).toBe(digest(mails));
    // Recorded: every published figure is measured on exactly these texts.
    expect(digest(mails)).toMatchInlineSnapshot(`"7ea334f6ae0f6582"`);
  });

  it('leaves no header of the mail itself and hardly a tag', () => {
    const leaks = /^(Return-Path|Delivered-To|X-Spam-[A-Za-z]+):/;
    // One spam carries the headers of another mail in its body.
    expect(mails.filter(({ text }) => leaks.test(text))).toHaveLength(1);
    const tags = mails.filter(({ text }) => /<(html|body|table|font|br|a href)\b/i.test(text));
    expect(tags.length).toBeLessThan(10);
  });
});

describe('splitMails', () => {
  const { train, test } = splitMails(mails);

  it('is stratified and complete', () => {
    expect(train.length + test.length).toBe(mails.length);
    expect(count('spam', test) / count('spam')).toBeCloseTo(0.2, 1);
    expect(count('ham', test) / count('ham')).toBeCloseTo(0.2, 1);
  });

  it('has no text on both sides', () => {
    const texts = new Set(train.map(({ text }) => text));
    expect(test.filter(({ text }) => texts.has(text))).toEqual([]);
  });

  it('is fixed, whatever the order of the mails, and another for another seed', () => {
    const again = splitMails([...mails].reverse());
    expect(again.test.reverse()).toEqual(test);
    expect(digest(test)).toMatchInlineSnapshot(`"2eed19d0fb53cb52"`);
    expect(digest(splitMails(mails, { seed: 2 }).test)).not.toBe(digest(test));
    expect(splitMails(mails, { testFraction: 0.1 }).test.length).toBeLessThan(650);
  });
});

describe('cleaning', () => {
  it('drops everything before the first blank line', () => {
    expect(stripHeaders('From: a\r\nSubject: b\r\n\r\nHello\r\n\r\nBye\r\n')).toBe(
      'Hello\r\n\r\nBye',
    );
    expect(stripHeaders('From: a\nSubject: b\n')).toBe('');
  });

  it.each([
    ['<p>Buy <b>now</b>!</p>', 'Buy now !'],
    ['a<style type="x">p { color: red }</style>b<SCRIPT>if (a < b) {}</SCRIPT >c', 'a b c'],
    ['a<!-- hidden <b> -->b<br/>c<!DOCTYPE html>d', 'a b c d'],
    ['1 &lt; 2 &amp;&nbsp;3 &#8364;&#x41; &unknown; &#0;.', '1 < 2 & 3 €A &unknown; .'],
    ['3 < 4 and 5 > 4 <3', '3 < 4 and 5 > 4 <3'],
    ['&#9999999;', ''],
  ])('%s', (html, text) => {
    expect(stripHtml(html)).toBe(text);
  });
});
