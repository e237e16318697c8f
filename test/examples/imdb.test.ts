import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { toyReviews, useExample } from './runExample.ts';

const example = useExample('examples/imdb/main.mjs');
const lines = toyReviews(2400).map((review) => JSON.stringify(review));

describe('the IMDB example', () => {
  it('trains on the reviews of a packed file and measures on those held out', async () => {
    const bad = ['{"text": "no label"}', '{"text": "", "label": "good"}'];
    await example.write('train.jsonl.gz', gzipSync([...lines, ...bad].join('\n')));
    const { code, stdout, stderr } = await example.run(
      ...['--data', 'train.jsonl.gz', '--held-out', '64', '--seeds', '2'],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('2 rows of train.jsonl.gz cannot be used and are left out:');
    expect(stdout).toContain('  row 2401: label must be a text, is undefined');
    expect(stdout).toContain('  row 2402: text is empty');
    expect(stdout).toContain('2336 reviews to learn from, 64 held out');
    const accuracies = [...stdout.matchAll(/^ +accuracy +([\d.]+) %$/gm)].map(([, n]) => Number(n));
    expect(accuracies).toHaveLength(2);
    const mean = /^keras model, mean accuracy of 2 seeds: (0\.\d{4}|1\.0000)$/m.exec(stdout);
    expect(100 * Number(mean![1])).toBeCloseTo((accuracies[0]! + accuracies[1]!) / 2, 0);
    expect(Number(mean![1])).toBeGreaterThan(0.9);
    expect(await example.list()).toEqual(['train.jsonl.gz']);
  });

  it('refuses what it cannot use', async () => {
    await example.write('few.jsonl', lines.slice(0, 40).join('\n'));
    await example.write('torn.jsonl.gz', gzipSync(lines.join('\n')).subarray(0, 500));
    await example.expectRefusal([], 'pass --data', 'Usage: npm run example:imdb');
    await example.expectRefusal(
      ['--data', 'few.jsonl', '--model', 'bert'],
      "--model must be keras or article, received 'bert'.",
    );
    await example.expectRefusal(
      ['--data', 'few.jsonl'],
      '--held-out 5000 leaves none of the 40 reviews to learn from',
    );
    await example.expectRefusal(
      ['--data', 'few.jsonl', '--seeds', '0'],
      "--seeds must be a whole number from 1 on, received '0'.",
    );
    await example.expectRefusal(
      ['--data', 'torn.jsonl.gz'],
      /torn\.jsonl\.gz is no gzip file, or is torn \(unexpected EOF\)\. Download/,
    );
    await example.expectRefusal(
      ['--data', 'nowhere.gz'],
      /nowhere\.gz could not be read: There is no such file\. Check the path/,
    );
  });
});
