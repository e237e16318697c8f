import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/builtPackage.ts';
import { films, interruptCli, runCli, SMALL, weightsOf } from './runCli.ts';

let folder: string;
const run = (args: readonly string[]) => runCli(args, folder);
const weights = (name: string) => weightsOf(join(folder, name));
const further = (from: string, output: string, ...others: string[]) =>
  ['train', '--from', from, '--data', 'films.csv', '--output', output, '--no-relaxed'].concat(
    ['--learning-rate', '0.01', '--validation-split', '0', '--batch-size', '32'],
    others,
  );
// Long enough to be interrupted in the middle: some seconds.
const LONG = ['--epochs', '60', '--json', '--save-strategy', 'no'];

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'films.csv'), films(400));
  await writeFile(join(folder, 'rhyme.txt'), 'one two three four five\n'.repeat(60));
  await writeFile(join(folder, 'pairs.csv'), 'source,target\n012,abc\n210,cba\n111,bbb\n');
  const length = ['--epochs', '1', '--batch-size', '32'];
  const trained = await run(
    ['train', '--data', 'films.csv', '--output', 'model', ...SMALL].concat(length),
  );
  expect(trained).toMatchObject({ code: 0, stderr: '' });
  expect(trained.stdout).toMatch(/^13 steps, 1 epoch: mean loss/);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('anyformer train --from', () => {
  it('goes on from the weights of a saved model, and leaves it as it is', async () => {
    const before = await weights('model');
    const trained = await run(further('model', 'better'));
    expect(trained).toMatchObject({ code: 0, stderr: '' });
    expect(await weights('model')).toBe(before);
    expect(await weights('better')).not.toBe(before);
    const loss = async (model: string) => {
      const args = ['evaluate', '--model', model, '--data', 'films.csv', '--json'];
      return JSON.parse((await run(args)).stdout).loss as number;
    };
    expect(await loss('better')).toBeLessThan(await loss('model'));
  });

  it('extends a finished run in its own folder, with --force', async () => {
    expect((await run(further('model', 'own'))).code).toBe(0);
    expect((await run(further('own', 'twice'))).code).toBe(0);
    const refused = await run(further('own', 'own'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/own holds a model; pass --force to overwrite it/);
    expect(await run(further('own', 'own', '--force'))).toMatchObject({ code: 0, stderr: '' });
    expect(await weights('own')).toBe(await weights('twice'));
    expect((await readdir(join(folder, 'own'))).sort()).toEqual(
      (await readdir(join(folder, 'twice'))).sort(),
    );
  });

  it('keeps the model when it is interrupted, and --resume goes on bit for bit', async () => {
    expect((await run(further('model', 'whole', ...LONG))).code).toBe(0);
    expect((await run(further('model', 'kept'))).code).toBe(0);
    expect((await run(further('model', 'old'))).code).toBe(0);
    // Over a model that is trained further itself, and over another one.
    for (const [from, output] of [
      ['kept', 'kept'],
      ['model', 'old'],
    ] as const) {
      const before = await weights(output);
      expect((await run(further(from, `${output}-whole`, ...LONG))).code).toBe(0);
      const args = further(from, output, '--force', ...LONG);
      const stopped = await interruptCli(args, folder, 'SIGINT');
      expect(stopped.code).toBe(130);
      expect(stopped.stderr).toMatch(new RegExp(`interrupted; ${output} has a checkpoint`));
      expect(await weights(output)).toBe(before);
      const again = await run(further(from, output, ...LONG));
      expect(again.code).toBe(1);
      expect(again.stderr).toMatch(/unfinished training; pass --resume/);
      expect((await run([...args, '--resume'])).code).toBe(0);
      expect(await weights(output)).toBe(await weights(`${output}-whole`));
      expect(await readdir(join(folder, output))).toEqual(
        await readdir(join(folder, `${output}-whole`)),
      );
    }
    // Into a new folder as well.
    const fresh = further('model', 'fresh', ...LONG);
    expect((await interruptCli(fresh, folder, 'SIGINT')).code).toBe(130);
    expect((await run([...fresh, '--resume'])).code).toBe(0);
    expect(await weights('fresh')).toBe(await weights('whole'));
  }, 120_000);

  it('keeps the model when the training fails', async () => {
    expect((await run(further('model', 'safe'))).code).toBe(0);
    const before = await weights('safe');
    await writeFile(join(folder, 'other.csv'), 'text,label\nA film,neither\nA play,both\n');
    const cases: [string[], number, RegExp][] = [
      [['--data', 'other.csv'], 1, /label 'neither'/],
      [['--data', 'none.csv'], 1, /none.csv cannot be read/],
      [['--batch-size', '0'], 2, /--batch-size must be a positive integer/],
      [['--learning-rate', '1e30', '--optimizer', 'sgd', '--max-grad-norm', '0'], 1, /became/],
    ];
    for (const [others, code, message] of cases) {
      const failed = await run(further('safe', 'safe', '--force', ...others));
      expect(failed.stderr).toMatch(message);
      expect(failed.code).toBe(code);
      expect(await weights('safe')).toBe(before);
    }
  });

  it('takes the task of the model', async () => {
    const small = ['--hidden-size', '16', '--num-attention-heads', '2', '--epochs', '1'];
    const base = ['train', '--data', 'rhyme.txt', '--output'];
    const created = await run([
      ...[...base, 'rhymes', '--task', 'text-generation', '--tokenizer-type', 'characters'],
      ...['--num-hidden-layers', '1', ...small],
    ]);
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const trained = await run([...base, 'rhymes2', '--from', 'rhymes', '--epochs', '2']);
    expect(trained).toMatchObject({ code: 0, stderr: '' });

    const pairs = ['train', '--data', 'pairs.csv', '--output'];
    const translator = [...pairs, 'letters', '--task', 'translation', '--max-length', '8'];
    expect((await run([...translator, ...small])).code).toBe(0);
    const better = await run([...pairs, 'letters2', '--from', 'letters', '--epochs', '2']);
    expect(better.stdout).toMatch(/^2 steps, 2 epochs: .*\nsaved in letters2\n$/);
  });

  it.each<[string, string[], number, RegExp]>([
    [
      'a size of new models',
      ['--hidden-size', '8'],
      2,
      /--hidden-size is for a new model, and --from model has its own; leave --hidden-size or --from out/,
    ],
    ['labels of new models', ['--labels', 'a,b'], 2, /--labels is for a new model/],
    [
      'another task',
      ['--task', 'translation'],
      2,
      /--from model is a model for text-classification; leave --task translation out/,
    ],
    ['columns of another task', ['--source-column', 'a'], 2, /no option of the task text-class/],
    ['no model', ['--from', 'nowhere'], 1, /nowhere\/config.json .*does not exist/],
    ['nothing to resume', ['--resume'], 1, /refused has no checkpoint to go on from/],
  ])('refuses %s', async (_, others, code, message) => {
    const ended = await run(further('model', 'refused', ...others));
    expect(ended.stderr).toMatch(message);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
  });
});

describe('a folder with a model', () => {
  it('is recognized when Hugging Face saved it, too, and --force leaves other files alone', async () => {
    await mkdir(join(folder, 'theirs'));
    await writeFile(join(folder, 'theirs/config.json'), '{"architectures":["T5"]}');
    await writeFile(join(folder, 'theirs/notes.txt'), 'mine');
    const refused = await run(further('model', 'theirs'));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/theirs holds a model; pass --force/);
    expect((await run(further('model', 'theirs', '--force'))).code).toBe(0);
    expect(await readFile(join(folder, 'theirs/notes.txt'), 'utf8')).toBe('mine');
  });
});
