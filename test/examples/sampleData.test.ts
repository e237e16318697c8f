import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readExamples, TextClassifier, type TextExample } from '../../src/index.ts';
import { root } from '../support/builtPackage.ts';

/**
 * What customers might write to a shop, in other words than the page's sample data has. All forty
 * were written before a model saw any of them; none may be exchanged for an easier one.
 */
const NEW: Readonly<Record<string, readonly string[]>> = {
  billing: [
    'Hi, I see two charges from you on my bank statement, can I get one back?',
    'do you offer a discount for students',
    'My credit card expired, where can I enter the new one for my subscription?',
    'Why am I still paying for a subscription I cancelled in January?',
    'I need a receipt with our VAT number for the accountant',
    'The amount on the bill does not match what you quoted us',
    'how much does the premium plan cost per year?',
    'Can I switch from monthly to yearly payment?',
    'I still have not got my money back',
    'paypal payment failed but the money is gone from my account',
  ],
  delivery: [
    "where's my package, it was supposed to be here on monday",
    'The box was wet and the glass inside was smashed',
    'can you send it to my office instead of my home',
    'Your driver says he was here but nobody rang the bell',
    'I ordered three shirts and only two came',
    'Do you ship to Canada?',
    'my neighbor got my package by mistake',
    'What carrier do you use and how long will it take?',
    "Still waiting for my order, it's been two weeks!!",
    "I'll be on holiday next week, could you hold the shipment?",
  ],
  account: [
    "I can't sign in anymore, it keeps telling me the password is incorrect",
    'how do i change my username',
    'I want all my personal data removed from your site',
    "I think I've been hacked, there are logins from another country",
    'the reset link has expired, send me a new one please',
    'Can I add my colleague to our team profile?',
    "I don't have my old phone number anymore and can't get the verification code",
    'I signed up with the wrong email address',
    'please unlock my profile, i typed the wrong pin too often',
    'How can I sign in with Google?',
  ],
  technical: [
    'your app keeps closing by itself on my iphone',
    'the pdf export comes out empty',
    'Everything is really laggy since yesterday',
    'I click on submit and nothing happens',
    "video won't play, just a black screen",
    'getting a 500 error when I open the dashboard',
    'My photos are not uploading, it gets stuck at 90%',
    'the notifications stopped working after I installed the new version',
    'The app does not start on my android tablet',
    'half of my contacts vanished after syncing',
  ],
};

const sentences = Object.entries(NEW).flatMap(([label, texts]) =>
  texts.map((text) => ({ text, label })),
);

/** Of the different words of two texts, the share that both have. */
function likeness(a: string, b: string): number {
  const [one, other] = [a, b].map((text) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu)));
  const shared = [...one!].filter((word) => other!.has(word)).length;
  return shared / (one!.size + other!.size - shared);
}

describe('the sample data of the page', () => {
  let rows: readonly TextExample[];
  let classifier: TextClassifier;
  beforeAll(async () => {
    const table = await readFile(join(root, 'examples/browser-train/sample.csv'), 'utf8');
    rows = (await readExamples([table], { format: 'csv' })).examples;
    classifier = await TextClassifier.create();
    await classifier.train(rows);
    return () => classifier.dispose();
  }, 60_000);

  it('has none of the new sentences, nor one like them', () => {
    for (const { text } of sentences) {
      const closest = Math.max(...rows.map((row) => likeness(row.text, text)));
      expect(closest, text).toBeLessThan(0.5);
    }
  });

  it('teaches what most new sentences are about, and to be unsure of the others', async () => {
    const answers = await classifier.predict(sentences.map(({ text }) => text));
    const wrong = sentences.flatMap(({ text, label }, n) => {
      const [{ label: found, score }] = answers[n] as [{ label: string; score: number }];
      return found === label ? [] : [{ text, label, found, score }];
    });
    expect(sentences).toHaveLength(40);
    expect(sentences.length - wrong.length, JSON.stringify(wrong, null, 1)).toBeGreaterThanOrEqual(
      32,
    );
    expect(wrong.filter(({ score }) => score > 0.9)).toEqual([]);
  });

  it('is itself answered right, row by row', async () => {
    const answers = await classifier.predict(rows.map(({ text }) => text));
    expect(rows.filter(({ label }, n) => answers[n]![0]!.label !== label)).toEqual([]);
  });

  it('has an answer for a payment that was taken twice', async () => {
    const [best] = await classifier.predict('I was charged twice');
    expect(best!.label).toBe('billing');
  });
});
