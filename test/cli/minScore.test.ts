import { afterEach, expect, it, vi } from 'vitest';
import { Output } from '../../src/cli/output.ts';
import { textClassification } from '../../src/cli/tasks/textClassification.ts';
import { TextClassifier } from '../../src/tasks/textClassifier.ts';

afterEach(() => vi.restoreAllMocks());

it('hands --min-score on, and leaves it out where it is not given', async () => {
  const predict = vi.fn(async () => [[{ label: 'unknown', score: 0.4 }]]);
  vi.spyOn(TextClassifier, 'load').mockResolvedValue({ predict } as unknown as TextClassifier);
  const { signal } = new AbortController();
  const model = await textClassification.load('model', signal);
  const ask = (values: object) => model.predict(['A'], { values, output: new Output({}), signal });

  const [answer] = await ask({ minScore: 0.8, topK: 2, batchSize: 8 });
  expect(predict).toHaveBeenLastCalledWith(['A'], { minScore: 0.8, topK: 2, signal, batchSize: 1 });
  expect(answer).toEqual({
    json: { labels: [{ label: 'unknown', score: 0.4 }] },
    plain: 'unknown 0.4000',
  });
  await ask({});
  expect(predict).toHaveBeenLastCalledWith(['A'], { topK: 1, signal, batchSize: 1 });
});
