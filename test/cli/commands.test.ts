import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, temporaryFolder } from '../support/builtPackage.ts';
import { films, runCli, SMALL, weightsOf } from './runCli.ts';

let folder: string;
const run = (args: readonly string[], input?: string) => runCli(args, folder, input);
const put = (name: string, content: string | Uint8Array) => writeFile(join(folder, name), content);
const jsonLines = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  folder = await temporaryFolder();
  await put('films.csv', films(200));
  const trained = await run([
    'train',
    '--data',
    'films.csv',
    '--output',
    'model',
    '--epochs',
    '4',
    ...SMALL,
  ]);
  expect(trained).toMatchObject({ code: 0, stderr: '' });
  expect(trained.stdout).toMatch(
    /^52 steps, 4 epochs: mean loss \d\.\d+\nchosen: transformer; as asked\nused: .*epochs 4.*\nsaved in model\n$/,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('anyformer train', () => {
  it('takes its options from a file, and flags before it', async () => {
    const config = {
      data: 'films.csv',
      epochs: 9,
      maxLength: 16,
      vocabSize: 200,
      hiddenSize: 16,
      numAttentionHeads: 2,
      intermediateSize: 16,
      learningRate: 0.01,
      validationSplit: 0,
      relaxed: false,
    };
    await put('films.json', JSON.stringify(config));
    const args = ['train', '--config', 'films.json', '--epochs', '4', '--output', 'configured'];
    expect(await run(args)).toMatchObject({ code: 0, stderr: '' });
    expect(await weightsOf(join(folder, 'configured'))).toBe(
      await weightsOf(join(folder, 'model')),
    );
  });

  it('gives the same weights with one thread, from standard input, and over its own model', async () => {
    const args = ['train', '--data', '-', '--format', 'csv', '--epochs', '4', '--threads', '1'];
    const into = [...args, '--output', 'stdin', ...SMALL];
    expect(await run(into, films(200))).toMatchObject({ code: 0, stderr: '' });
    const refused = await run(into, films(200));
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/stdin holds a model; pass --force to overwrite it/);
    expect(await run([...into, '--force'], films(200))).toMatchObject({ code: 0, stderr: '' });
    expect(await weightsOf(join(folder, 'stdin'))).toBe(await weightsOf(join(folder, 'model')));
  });

  it('takes the model by name, also by the old flag, and by its size alone', async () => {
    for (const [flag, value, output] of [
      ['--encoder', 'transformer', 'named'],
      ['--encoder-type', 'transformer', 'formerly'],
    ] as const) {
      const args = ['train', '--data', 'films.csv', '--epochs', '4', '--output', output];
      expect(await run([...args, flag, value, ...SMALL])).toMatchObject({ code: 0, stderr: '' });
      expect(await weightsOf(join(folder, output))).toBe(await weightsOf(join(folder, 'model')));
    }
    const bert = ['train', '--data', 'films.csv', '--max-steps', '1', '--num-hidden-layers', '1'];
    await run([...bert, '--encoder', 'bert', '--output', 'bert', ...SMALL]);
    const config = JSON.parse(await readFile(join(folder, 'bert/config.json'), 'utf8'));
    expect(config.model_type).toBe('bert');
  });

  it('tells its progress and result as lines of JSON', async () => {
    const args = ['train', '--data', 'films.csv', '--json', ...SMALL].concat(
      ['--validation-split', '0.2'],
      ['--epochs', '1', '--batch-size', '32'],
    );
    const { code, stdout } = await run([...args, '--output', 'json']);
    expect(code).toBe(0);
    const lines = jsonLines(stdout);
    expect(new Set(lines.map(({ type }) => type))).toEqual(new Set(['progress', 'result']));
    expect(new Set(lines.map(({ phase }) => phase))).toContain('train');
    expect(lines.at(-1)).toMatchObject({
      type: 'result',
      task: 'text-classification',
      output: 'json',
      globalStep: 5,
      logHistory: expect.arrayContaining([
        expect.objectContaining({
          metrics: expect.objectContaining({ accuracy: expect.any(Number) }),
        }),
      ]),
    });
    const quiet = await run([...args, '--output', 'json', '--quiet', '--force']);
    expect(jsonLines(quiet.stdout).map(({ type }) => type)).toEqual(['result']);
  });

  it('names the rows that it leaves out, and goes on', async () => {
    await put('holes.csv', `${films(40)}no label,\nthree,fields,here\n`);
    const { code, stderr } = await run([
      'train',
      '--data',
      'holes.csv',
      '--output',
      'holes',
      ...SMALL,
    ]);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'holes.csv: 2 rows are left out:\n  row 42: label is empty\n  row 43: it has 3 fields, the header 2\n',
    );
  });

  it('does not write into a folder of somebody else', async () => {
    await mkdir(join(folder, 'foreign'));
    await put('foreign/letter.txt', 'Dear reader');
    const args = ['train', '--data', 'films.csv', '--output', 'foreign', ...SMALL];
    const refused = await run(args);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/foreign has other files in it \(letter.txt\).*--force/);
    expect((await run([...args, '--force'])).code).toBe(0);
    expect(await readFile(join(folder, 'foreign/letter.txt'), 'utf8')).toBe('Dear reader');
  });
});

describe('anyformer predict', () => {
  it('labels texts of the command line', async () => {
    const { code, stdout } = await run([
      'predict',
      '--model',
      'model',
      'A lovely film.',
      'An awful\none',
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^positive 0\.\d{4}\tA lovely film\.\nnegative 0\.\d{4}\tAn awful one\n$/,
    );
  });

  it('keeps the order of the rows, of any format', async () => {
    const rows = Array.from({ length: 70 }, (_, n) => `A film number ${n}.`);
    const answers = [];
    await put('rows.txt', rows.join('\n\n'));
    await put('rows.jsonl.gz', gzipSync(rows.map((text) => JSON.stringify({ text })).join('\n')));
    for (const data of ['rows.txt', 'rows.jsonl.gz']) {
      const args = ['predict', '--model', 'model', '--data', data, '--json', '--top-k', '2'];
      const { code, stdout } = await run(args);
      expect(code).toBe(0);
      answers.push(jsonLines(stdout));
    }
    const [lines, packed] = answers as { row: number; text: string; labels: object[] }[][];
    expect(lines!.map(({ text }) => text)).toEqual(rows);
    expect(lines!.map(({ row }) => row)).toEqual(rows.map((_, n) => 2 * n + 1));
    expect(lines![0]!.labels).toHaveLength(2);
    expect(packed).toEqual(lines!.map((line, n) => ({ ...line, row: n + 1 })));

    const piped = await run(
      ['predict', '--model', 'model', '--json', '--top-k', '2', '-'],
      rows.join('\n'),
    );
    expect(jsonLines(piped.stdout)).toEqual(packed);
  });

  it('names the rows that are no texts, and ends with 1', async () => {
    const input = '{"text":"good"}\nnot json\n{"text":5}\n{"text":"bad"}\n';
    const args = ['predict', '--model', 'model', '--data', '-', '--format', 'jsonl', '--json'];
    const { code, stdout, stderr } = await run(args, input);
    expect(code).toBe(1);
    expect(jsonLines(stdout).map(({ row }) => row)).toEqual([1, 4]);
    expect(stderr).toMatch(
      /^row 2 is left out: it is not JSON.*\nrow 3 is left out: text is 5, no text\n$/,
    );
  });

  it('ends quietly when nobody reads any more', async () => {
    await put('many.txt', 'A lovely film.\n'.repeat(20_000));
    const command = `"${process.execPath}" "${join(root, 'dist/cli.js')}" predict --model model --data many.txt | head -n 1; exit $\{PIPESTATUS[0]}`;
    const child = spawn('bash', ['-c', command], { cwd: folder });
    let stderr = '';
    child.stderr.on('data', (part) => {
      stderr += part;
    });
    child.stdout.resume();
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

describe('anyformer evaluate and info', () => {
  it('gives a table, or one object', async () => {
    const args = ['evaluate', '--model', 'model', '--data', 'films.csv'];
    const table = await run(args);
    expect(table).toMatchObject({ code: 0, stderr: '' });
    expect(table.stdout).toMatch(
      /^examples +200\n[\s\S]*accuracy +\d\.\d{4}\n[\s\S]*true \\ predicted +negative +positive\n/,
    );
    const report = JSON.parse((await run([...args, '--json'])).stdout);
    expect(report).toMatchObject({ examples: 200, labels: ['negative', 'positive'] });
    expect(report.accuracy).toBeGreaterThan(0.9);
  });

  it('tells what runs, and what a model is', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const described = JSON.parse(
      (await run(['info', '--model', 'model', '--threads', '1', '--json'])).stdout,
    );
    expect(described).toMatchObject({
      versions: { anyformer: version, node: process.versions.node },
      engine: { backend: 'wasm', simd: { enabled: true }, threads: { count: 1 } },
      model: { config: { hidden_size: 16, vocab_size: expect.any(Number) } },
    });
    // Embedding, attention, feed-forward, two norms, and the labels.
    const { vocab_size: V } = described.model.config;
    const D = 16;
    expect(described.model.parameters).toBe(V * D + 16 * D + 6 * (D * D + D) + 4 * D + 2 * D + 2);
    expect((await run(['info'])).stdout).toContain(`anyformer ${version}`);
  });
});

describe('what cannot be done', () => {
  it.each<[string, string[], number, RegExp]>([
    ['no command', [], 2, /a command is missing: train, predict, generate, evaluate, info/],
    ['an unknown command', ['evalute'], 2, /unknown command 'evalute'; did you mean 'evaluate'\?/],
    [
      'an unknown flag',
      ['train', '--epohcs', '3'],
      2,
      /unknown option --epohcs; did you mean --epochs\?/,
    ],
    ['a flag without its value', ['train', '--data'], 2, /--data needs a value/],
    [
      'a value of the wrong kind',
      ['train', '--epochs', 'few'],
      2,
      /--epochs takes a number, received 'few'/,
    ],
    ['a missing flag', ['train', '--data', 'films.csv'], 2, /--output is missing/],
    [
      'an unknown task',
      ['train', '--task', 'text-clasification'],
      2,
      /did you mean 'text-classification'\?/,
    ],
    ['a stray word', ['evaluate', 'films.csv'], 2, /takes options only, received 'films.csv'/],
    [
      'an unknown key',
      ['train', '--config', 'typo.json'],
      2,
      /typo.json: unknown option 'learningrate'; did you mean 'learningRate'\?/,
    ],
    [
      'a key that is a flag',
      ['train', '--config', 'flag.json'],
      2,
      /flag.json: unknown option 'learning-rate'; did you mean 'learningRate'\?/,
    ],
    [
      'a key that is like no other',
      ['train', '--config', 'strange.json'],
      2,
      /strange.json: unknown option 'zzzzzzzz'\.\nSee: anyformer train --help\n$/,
    ],
    ['an option of no command', ['--hlep'], 2, /unknown option --hlep; did you mean --help\?/],
    [
      'two options that do not go together',
      ['train', '--data', 'films.csv', '--output', 'x', '--epochs', '1', '--max-steps', '2'],
      2,
      /^anyformer train: --epochs 1 and --max-steps 2 both set the length/,
    ],
    [
      'an option of an object',
      ['train', '--data', 'films.csv', '--output', 'x', '--hidden-size', '10'],
      2,
      /^anyformer train: --num-attention-heads 8 does not divide --hidden-size 10/,
    ],
    [
      'an unknown model',
      ['train', '--data', 'films.csv', '--output', 'x', '--encoder', 'brt'],
      2,
      /^anyformer train: --encoder must be .*received 'brt'/,
    ],
    [
      'two names of the model',
      [
        'train',
        '--data',
        'films.csv',
        '--output',
        'x',
        '--encoder',
        'bert',
        '--encoder-type',
        'bert',
      ],
      2,
      /--encoder and --encoder-type are the same/,
    ],
    [
      'a size of a model that is chosen by the data',
      ['train', '--data', 'films.csv', '--output', 'x', '--encoder', 'auto', '--hidden-size', '8'],
      2,
      /--encoder auto chooses the model by the data, and --hidden-size is for one you name/,
    ],
    [
      'a wrong value in a file',
      ['train', '--config', 'kind.json'],
      2,
      /kind.json: epochs must be a number, is "3"/,
    ],
    [
      'a file of options that is not there',
      ['train', '--config', 'none.json'],
      2,
      /none.json cannot be read/,
    ],
    [
      'a value out of range',
      ['train', '--data', 'films.csv', '--output', 'x', '--learning-rate', '-1'],
      2,
      /^anyformer train: --learning-rate must be .*received -1/,
    ],
    [
      'a format that is not told',
      ['train', '--data', 'films', '--output', 'x'],
      2,
      /pass --format, one of csv/,
    ],
    [
      'labels of a txt',
      ['train', '--data', 'films.txt', '--output', 'x'],
      2,
      /a txt, which has no labels/,
    ],
    [
      'data that is not there',
      ['train', '--data', 'none.csv', '--output', 'x'],
      1,
      /none.csv cannot be read: ENOENT/,
    ],
    [
      'data that is not packed',
      ['train', '--data', 'torn.csv.gz', '--output', 'x'],
      1,
      /torn.csv.gz cannot be read/,
    ],
    [
      'a column that is not there',
      ['train', '--data', 'films.csv', '--output', 'x', '--label-column', 'lable'],
      1,
      /films.csv: There is no column 'lable'.*'label'.*--label-column/,
    ],
    [
      'a model that is not there',
      ['predict', '--model', 'none', 'x'],
      1,
      /none\/config.json .*does not exist/,
    ],
    [
      'a model of another task',
      ['predict', '--model', 'other', 'x'],
      1,
      /architecture 'T5'; known are models for text-classification/,
    ],
    [
      'two places for texts',
      ['predict', '--model', 'model', '--data', 'films.csv', 'x'],
      2,
      /both say what to predict/,
    ],
  ])('%s', async (_, args, code, message) => {
    await put('typo.json', '{"learningrate": 1}');
    await put('kind.json', '{"epochs": "3"}');
    await put('strange.json', '{"zzzzzzzz": 1}');
    await put('flag.json', '{"learning-rate": 1}');
    await put('torn.csv.gz', 'text,label\n');
    await mkdir(join(folder, 'other'), { recursive: true });
    await put('other/config.json', '{"architectures": ["T5"]}');
    const ended = await run(args);
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).not.toMatch(/ at .*\.js:/);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code, stdout: '' });
  });
});

describe('anyformer --help', () => {
  it('names every command, and every command all of its options', async () => {
    const help = await run(['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    const names = [...help.stdout.matchAll(/^ {2}(\w+) {2}/gm)].map(([, name]) => name!);
    expect(names).toEqual(['train', 'predict', 'generate', 'evaluate', 'info', 'demo']);
    for (const name of names) {
      const { code, stdout } = await run([name, '--help']);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^Usage: anyformer ${name} `, 'm'));
      expect(stdout).toMatch(new RegExp(`^Examples\n  # .*\n  anyformer ${name}`, 'm'));
      expect(stdout).toContain('--json');
    }
  });

  it('has no heading without rows, and says what every option does', async () => {
    for (const name of ['train', 'predict', 'generate', 'evaluate', 'info', 'demo']) {
      const { stdout } = await run([name, '--help']);
      expect(stdout).not.toMatch(/\n\n\n/);
      const sections = stdout.split('\n\n').slice(2, -2);
      expect(sections.length).toBeGreaterThanOrEqual(2);
      for (const section of sections) {
        const [heading, ...rows] = section.split('\n');
        expect(heading).toMatch(/^[A-Z]/);
        expect(rows.length).toBeGreaterThan(0);
        for (const row of rows) expect(row).toMatch(/^ {2}--[\w-]+( [^ ]+)? {2,}\S.{8,}/);
      }
    }
    const { stdout } = await run(['predict', '--help']);
    expect(stdout).not.toContain('text-generation');
  });

  it('has every option of the training loop', async () => {
    const { trainingOptionEntries } = await import('../../src/train/trainingOptions.ts');
    const { stdout } = await run(['train', '--help']);
    const flags = new Set([...stdout.matchAll(/^ {2}--([\w-]+)/gm)].map(([, flag]) => flag!));
    const ofProgram = ['outputDir', 'resumeFromCheckpoint', 'onProgress', 'signal'];
    for (const name of Object.keys(trainingOptionEntries)) {
      if (ofProgram.includes(name)) continue;
      expect(flags).toContain(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
    }
  });
});
