import { expect, it } from 'vitest';
import { toyReviews, useExample } from './runExample.ts';

const example = useExample('examples/node-train/main.mjs');

it('trains on its questions, and knows what others ask for', async () => {
  const { code, stdout, stderr } = await example.run();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^comparing model \d+ of \d+$/m);
  const [, right, low, always] =
    /^right on held-out texts: (\d\.\d\d) \((\d\.\d\d) to \d\.\d\d\)\nalways 'person': (\d\.\d\d)$/m
      .exec(stdout)!
      .map(Number);
  expect(right).toBeGreaterThan(0.75);
  expect(low).toBeGreaterThan(always!);
  expect(stdout).toMatch(/^Who drew the map\? person \(\d\.\d\d\)$/m);
  expect(await example.list('model')).toEqual(
    expect.arrayContaining(['config.json', 'model.safetensors']),
  );
});

it('trains on a file of the user, and names the rows that cannot be used', async () => {
  const rows = toyReviews(80).map(({ text, label }) => `"${text}",${label}`);
  await example.write('mine.csv', ['text,label', ...rows, ',good'].join('\n'));
  const { code, stdout, stderr } = await example.run('mine.csv', 'mine', 'an awful film');
  expect(stderr).toMatch(/mine\.csv: 1 row is left out, .* Row 82: text is empty\. Correct .*\n$/);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^an awful film bad \(/m);
  expect(await example.list('mine')).toContain('model.safetensors');
});

it('says what is wrong with a file', async () => {
  await example.write('mine.xlsx', 'PK');
  await example.expectRefusal(['mine.xlsx'], "format 'xlsx' is not known; known are csv");
  await example.write('columns.csv', 'body\na\n');
  await example.expectRefusal(['columns.csv'], "The table has only the column 'body'");
});
