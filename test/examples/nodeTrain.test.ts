import { expect, it } from 'vitest';
import { toyReviews, useExample } from './runExample.ts';

const example = useExample('examples/node-train/main.mjs');

/** The losses that a run printed. */
const lossesIn = (stdout: string) =>
  [...stdout.matchAll(/^training \d+ of \d+, loss ([\d.]+)$/gm)].map(([, loss]) => Number(loss));

it('trains on its questions, and knows what others ask for', async () => {
  const { code, stdout, stderr } = await example.run();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(lossesIn(stdout)).toHaveLength(6);
  expect(lossesIn(stdout).at(-1)).toBeLessThan(0.1);
  expect(stdout).toMatch(/^Who drew the map\? person \(\d\.\d\d\)$/m);
  expect((await example.list('model')).sort()).toEqual([
    'config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
});

it('trains on a file of the user, and names the rows that cannot be used', async () => {
  const rows = toyReviews(80).map(({ text, label }) => `"${text}",${label}`);
  await example.write('mine.csv', ['text,label', ...rows, ',good'].join('\n'));
  const { code, stdout, stderr } = await example.run('mine.csv', 'mine', 'an awful film');
  expect(stderr).toMatch(/mine\.csv: 1 row is left out, .* Row 82: text is empty\. Correct .*\n$/);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^an awful film bad \(/m);
  expect(await example.list('mine')).toHaveLength(4);
});

it('says what is wrong with a file', async () => {
  await example.write('mine.xlsx', 'PK');
  await example.expectRefusal(['mine.xlsx'], "format 'xlsx' is not known; known are csv");
  await example.write('columns.csv', 'body\na\n');
  await example.expectRefusal(['columns.csv'], "The table has only the column 'body'");
});
