import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, temporaryFolder } from '../support/builtPackage.ts';
import { runCli, startCli, weightsOf } from './runCli.ts';

let folder: string;
const run = (args: readonly string[], input?: string) => runCli(args, folder, input);
const put = (name: string, content: string) => writeFile(join(folder, name), content);
const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

const RHYME = 'one two three four five\n'.repeat(60);
const DECODER = '--hidden-size 16 --num-hidden-layers 1 --num-attention-heads 2'.split(' ');
const ENCODER_DECODER = '--hidden-size 16 --num-attention-heads 2 --intermediate-size 16'.split(
  ' ',
);
const CHARACTERS = ['--tokenizer-type', 'characters', '--learning-rate', '0.01', '--no-relaxed'];
const generator = (data: string, output: string) =>
  ['train', '--task', 'text-generation', '--data', data, '--output', output].concat(
    DECODER,
    CHARACTERS,
    ['--max-position-embeddings', '32', '--dropout', '0', '--batch-size', '4'],
  );
const translator = (data: string, output: string) =>
  ['train', '--task', 'translation', '--data', data, '--output', output].concat(
    ENCODER_DECODER,
    CHARACTERS,
    ['--max-length', '8', '--dropout', '0', '--batch-size', '8'],
  );

const PAIRS = Array.from({ length: 64 }, (_, n) => {
  const source = n.toString(4).padStart(3, '0');
  return { source, target: source.replace(/\d/g, (digit) => 'abcd'[Number(digit)]!) };
});

beforeAll(async () => {
  folder = await temporaryFolder();
  await put('rhyme.txt', RHYME);
  const trained = await run([...generator('rhyme.txt', 'rhymes'), '--epochs', '15']);
  expect(trained).toMatchObject({ code: 0, stderr: '' });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const generate = ['generate', '--model', 'rhymes', '--no-relaxed'];
const start = [...generate, '--prompt', 'one two'];

describe('text-generation', () => {
  it('learns from a txt as a whole, from the texts of a table, and measures itself', async () => {
    await put('rhyme.jsonl', `${JSON.stringify({ body: RHYME })}\n`);
    const table = [...generator('rhyme.jsonl', 'table'), '--epochs', '15', '--text-column', 'body'];
    expect(await run(table)).toMatchObject({ code: 0, stderr: '' });
    expect(await weightsOf(join(folder, 'table'))).toBe(await weightsOf(join(folder, 'rhymes')));

    const args = ['evaluate', '--model', 'rhymes', '--data', 'rhyme.txt', '--json'];
    const { code, stdout } = await run(args);
    expect(code).toBe(0);
    const { loss, perplexity } = JSON.parse(stdout);
    expect(perplexity).toBeCloseTo(Math.exp(loss), 10);
    // It began with some 15 characters, all as likely.
    expect(perplexity).toBeLessThan(5);
  });

  it('is interrupted, and goes on to the same weights, bit for bit', async () => {
    const training = (output: string) => [
      ...generator('rhyme.txt', output),
      '--epochs',
      '60',
      '--json',
      '--save-strategy',
      'no',
    ];
    expect(await run(training('whole'))).toMatchObject({ code: 0, stderr: '' });
    const running = startCli(training('parts'), folder);
    await running.seen(/"phase":"train"/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await readdir(join(folder, 'parts'))).toContain('trainer_state.json');
    expect((await run([...training('parts'), '--resume'])).code).toBe(0);
    expect(await weightsOf(join(folder, 'parts'))).toBe(await weightsOf(join(folder, 'whole')));
  });

  it('has nothing to predict, and takes no options of other tasks', async () => {
    const asked = await run(['predict', '--model', 'rhymes', 'one']);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toMatch(/use: anyformer generate/);
    const stray = await run(['predict', '--model', 'rhymes', '--top-k', '2', 'one']);
    expect(stray.code).toBe(2);
    expect(stray.stderr).toMatch(/--top-k is no option of the task text-generation/);
  });
});

describe('anyformer generate', () => {
  it('writes the same text as it comes and as JSON', async () => {
    const plain = await run([...start, '--max-new-tokens', '20']);
    const json = await run([...start, '--max-new-tokens', '20', '--json']);
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    const [line, ...others] = jsonLines(json.stdout);
    expect(others).toEqual([]);
    expect(line).toEqual({
      row: 1,
      prompt: 'one two',
      text: plain.stdout.slice('one two'.length, -1),
      tokens: expect.any(Array),
      finishReason: 'length',
      score: expect.any(Number),
    });
    expect(line.tokens).toHaveLength(20);
    expect(plain.stdout).toBe(`one two${line.text}\n`);
    const silent = await run([...start, '--max-new-tokens', '20', '--no-echo']);
    expect(silent.stdout).toBe(`${line.text}\n`);
  });

  it('takes prompts a line from standard input and from a file', async () => {
    const prompts = 'one\ntwo three\n';
    await put('prompts.txt', prompts);
    const piped = await run([...generate, '--json', '--max-new-tokens', '5'], prompts);
    const file = await run([
      ...generate,
      '--json',
      '--max-new-tokens',
      '5',
      '--data',
      'prompts.txt',
    ]);
    expect(jsonLines(piped.stdout).map(({ prompt }) => prompt)).toEqual(['one', 'two three']);
    expect(file.stdout).toBe(piped.stdout);
  });

  it('writes the same in batches of any size, in the order of the prompts', async () => {
    const prompts = 'one\ntwo three\nfour\nfive one two\nthree\n';
    const drawn = [...generate, '--max-new-tokens', '12', '--do-sample', '--seed', '3'];
    const asked = (...flags: string[]) => run([...drawn, ...flags], prompts);
    const single = await asked('--json', '--batch-size', '1');
    expect(jsonLines(single.stdout).map(({ row }) => row)).toEqual([1, 2, 3, 4, 5]);
    for (const flags of [['--batch-size', '2'], []]) {
      const { stdout } = await asked('--json', ...flags);
      // Rounding may be another where rows are computed together.
      const rounded = jsonLines(stdout).map((line, i) => ({
        ...line,
        score: expect.closeTo(jsonLines(single.stdout)[i].score, 4),
      }));
      expect(jsonLines(single.stdout)).toEqual(rounded);
    }
    const plain = await asked();
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).toBe(
      jsonLines(single.stdout)
        .map(({ prompt, text }) => `${prompt}${text}\n`)
        .join(''),
    );
    expect((await asked('--batch-size', '1')).stdout).toBe(plain.stdout);
    const refused = await asked('--batch-size', '0');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/--batch-size must be a positive integer, received 0/);
  });

  it('hands every option on', async () => {
    const drawn = [...start, '--json', '--do-sample', '--temperature', '2', '--top-p', '0.9'];
    const several = [...drawn, '--num-return-sequences', '3', '--seed', '7'];
    const [first, second] = [await run(several), await run(several)];
    expect(jsonLines(first.stdout)).toHaveLength(3);
    expect(second.stdout).toBe(first.stdout);
    const other = await run([...several, '--seed', '8']);
    expect(other.stdout).not.toBe(first.stdout);

    const stopped = await run([...start, '--json', '--stop-strings', '["thr","\\n"]']);
    expect(jsonLines(stopped.stdout)[0]).toMatchObject({
      finishReason: 'stop',
      text: expect.stringMatching(/^((?!thr|\n).)*(thr|\n)$/s),
    });
    const beams = await run([
      ...start,
      '--json',
      '--num-beams',
      '3',
      '--early-stopping',
      'never',
      '--max-new-tokens',
      '4',
    ]);
    expect(beams).toMatchObject({ code: 0, stderr: '' });
    const banned = jsonLines(beams.stdout)[0].tokens[0];
    const without = await run([
      ...start,
      '--json',
      '--bad-words-ids',
      `[[${banned}]]`,
      '--max-new-tokens',
      '4',
    ]);
    expect(jsonLines(without.stdout)[0].tokens).not.toContain(banned);
  });

  it('refuses what it cannot do, with 2 for an option', async () => {
    const cases: [string[], RegExp][] = [
      [
        [...start, '--temperature', '2'],
        /^anyformer generate: --temperature 2 says how to draw.*; add --do-sample,/,
      ],
      [[...start, '--temprature', '2'], /did you mean --temperature/],
      [
        [...start, '--early-stopping', 'perhaps', '--num-beams', '2'],
        /^anyformer generate: --early-stopping must be .*received 'perhaps'/,
      ],
      [[...start, '--data', 'prompts.txt'], /--prompt and --data both/],
      [[...start, '--json', '--no-echo'], /--json has the prompt in a field of its own/],
      [['generate', '--prompt', 'one'], /--model is missing/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await run(args);
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
  });

  it('streams, and ends with 130 on Ctrl-C', async () => {
    // Far more than is waited for: it ends because it is told to.
    const running = startCli([...start, '--max-new-tokens', '1000000'], folder);
    await running.seen(/three/);
    running.child.kill('SIGINT');
    const { code, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/^anyformer: .+\n$/);
  });

  it('ends quietly when nobody reads on', async () => {
    const args = [join(root, 'dist/cli.js'), ...start, '--max-new-tokens', '1000000'];
    const child = spawn(process.execPath, args, { cwd: folder });
    let stderr = '';
    child.stderr.on('data', (part) => {
      stderr += part;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = await once(child, 'close');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('translation', () => {
  it('trains on any table, translates and measures itself', async () => {
    const rows = PAIRS.map(({ source, target }) => `${source}x\t${target}`);
    await put('pairs.tsv', ['digits\tletters', ...rows, ''].join('\n'));
    const columns = ['--source-column', 'digits', '--target-column', 'letters'];
    const trained = await run([
      ...translator('pairs.tsv', 'letters'),
      '--epochs',
      '60',
      '--normalize-first',
      ...columns,
    ]);
    expect(trained).toMatchObject({ code: 0, stderr: '' });

    const asked = ['predict', '--model', 'letters', '--json', '--num-beams', '2'];
    const predicted = await run([...asked, '012x', '321x']);
    expect(predicted).toMatchObject({ code: 0, stderr: '' });
    expect(jsonLines(predicted.stdout)).toEqual([
      { row: 1, text: '012x', translation: 'abc' },
      { row: 2, text: '321x', translation: 'dcb' },
    ]);

    const measure = ['evaluate', '--model', 'letters', '--data', 'pairs.tsv', ...columns, '--json'];
    const { tokenAccuracy, chrf } = JSON.parse((await run(measure)).stdout);
    expect(tokenAccuracy).toBeGreaterThan(0.9);
    expect(chrf).toBeGreaterThan(80);
  });

  it('goes on from a checkpoint, bit for bit, and generates nothing', async () => {
    await put('pairs.jsonl', PAIRS.map((pair) => JSON.stringify(pair)).join('\n'));
    const training = (output: string) => [
      ...translator('pairs.jsonl', output),
      '--epochs',
      '60',
      '--json',
      '--save-strategy',
      'no',
    ];
    expect((await run(training('all'))).code).toBe(0);
    const running = startCli(training('some'), folder);
    await running.seen(/"phase":"train"/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect((await run([...training('some'), '--resume'])).code).toBe(0);
    expect(await weightsOf(join(folder, 'some'))).toBe(await weightsOf(join(folder, 'all')));
    const wrong = await run(['generate', '--model', 'all', '--prompt', '01']);
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/one for translation; use: anyformer predict/);
  });
});
