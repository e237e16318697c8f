import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { TextGenerator } from '../../src/tasks/textGenerator.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';

const folder = sharedDataOrSay(
  'pretrained/stories260K',
  'the text that a real Llama writes, from its Hugging Face folder',
);

/** Tokens that are told again in the reference. */
const PROMPT = 'Once upon a time';

describe.skipIf(folder === undefined)('stories260K', () => {
  let generator: TextGenerator;
  let expected: { ids: number[]; text: string };
  beforeAll(async () => {
    const reference = readFileSync(`${folder}/reference_logits.json`).toString();
    expected = JSON.parse(reference);
    generator = await TextGenerator.load(`${folder}/hf`);
    return () => generator.dispose();
  });

  it('writes the reference, greedily', async () => {
    const told = expected.text.slice(PROMPT.length);
    const options = { maxNewTokens: expected.ids.length };
    const text = await generator.generate(PROMPT, options);
    expect(text.length).toBeGreaterThan(told.length / 2);
    const length = Math.min(told.length, text.length);
    expect(text.slice(0, length)).toBe(told.slice(0, length));
  });

  it('streams it in whole words of text', async () => {
    const options = { maxNewTokens: 40 };
    let text = '';
    for await (const piece of generator.stream(PROMPT, options)) text += piece;
    expect(text).toBe(await generator.generate(PROMPT, options));
    expect(text.startsWith(', there was')).toBe(true);
  });
});
