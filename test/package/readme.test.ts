import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledPackage, installPackage, root, runNode } from '../support/builtPackage.ts';

let installed: InstalledPackage;
let readme: string;

beforeAll(async () => {
  installed = await installPackage();
  readme = await readFile(join(root, 'README.md'), 'utf8');
});
afterAll(() => installed?.remove());

/** The one program of a page that has `words` in it. */
function programWith(words: string, page = readme): string {
  const programs = [...page.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
  const found = programs.filter((code) => code.includes(words));
  expect(found).toHaveLength(1);
  return found[0]!;
}

/** Runs the program with what it takes as given before it, and `after` behind it. */
async function run(program: string, { given, after }: { given: string; after: string }) {
  await writeFile(join(installed.folder, 'program.mjs'), `${given}\n${program}\n${after}`);
  const { code, stdout, stderr } = await runNode(['program.mjs'], installed.folder);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout.trimEnd().split('\n');
}

describe('the readme', () => {
  it('has an example of ten lines that runs', async () => {
    const program = programWith('TextClassifier.create(');
    expect(program.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(10);
    const lines = await run(program, {
      given: `
        import { writeFileSync } from 'node:fs';
        const tellings = {
          positive: ['lovely', 'wonderful', 'quiet'],
          negative: ['boring', 'awful', 'loud'],
        };
        const examples = Array.from({ length: 192 }, (_, n) => {
          const label = n % 2 ? 'positive' : 'negative';
          return 'A ' + tellings[label][n % 3] + ' film ' + n + '.,' + label;
        });
        writeFileSync('films.csv', ['text,label', ...examples].join('\\n'));
        writeFileSync('heldOut.csv', ['text,label', ...examples.slice(0, 6)].join('\\n'));`,
      after: `
        const again = await TextClassifier.load('./model');
        console.log(JSON.stringify({
          best: (await again.predict('A quiet, lovely film.'))[0],
          report: Object.keys(await again.evaluate('heldOut.csv')),
        }));`,
    });
    const { best, report } = JSON.parse(lines.pop()!);
    expect(best).toEqual({ label: 'positive', score: expect.any(Number) });
    expect(best.score).toBeGreaterThan(0.5);
    expect(report).toEqual(expect.arrayContaining(['loss', 'accuracy', 'f1', 'confusionMatrix']));
    // What onProgress printed: every step, with its loss at the last.
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.filter((line) => /^training \d+ of \d+, loss [\d.]+/.test(line))).not.toEqual([]);
    for (const line of lines)
      expect(line).toMatch(
        /^(reading text|comparing model|vocabulary|encoding text|training) [\d,]+ of |^\[ [\d.]+, [\d.]+ \] \[\]$/,
      );
  });

  it('has an example of five lines that loads a model', async () => {
    const program = programWith('TextClassifier.load(');
    expect(program.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(5);
    const [line] = await run(program, {
      given: `
        const rows = ['A lovely film,positive', 'A quiet film,positive', 'A loud film,negative', 'A boring film,negative'];
        const made = await TextClassifier.create({ encoder: 'ngrams' });
        await made.train(new File([['text,label', ...rows].join('\\n')], 'films.csv'), { validationSplit: 0 });
        await made.save('./model');`,
      after: '',
    });
    expect(line).toMatch(/^(positive|unknown) [\d.]+$/);
  });

  it('names only commands that there are', async () => {
    const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    const commands = [...readme.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
    expect(commands.length).toBeGreaterThan(2);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(commands));
  });
});

/** What was a part of the readme before; all other programs of the docs run in test/docs. */
describe('the docs', () => {
  const guide = (name: string) => readFile(join(root, `docs/guide/${name}.md`), 'utf8');

  it('have a text generator that writes the same when it is loaded', async () => {
    const program = programWith('TextGenerator.create', await guide('generate'));
    const lines = await run(program.replace('maxSteps: 2000', 'maxSteps: 20'), {
      given: `
        import { writeFileSync } from 'node:fs';
        writeFileSync('tales.txt', 'ROMEO: to be, or not to be. '.repeat(40));`,
      after: `
        console.log();
        console.log(JSON.stringify((await writer.generate('ROMEO:', options)) === (await generator.generate('ROMEO:', options))));
        console.log(JSON.stringify(Object.keys(await writer.evaluate('tales.txt'))));`,
    });
    expect(JSON.parse(lines.at(-2)!)).toBe(true);
    expect(JSON.parse(lines.at(-1)!)).toEqual(['loss', 'perplexity', 'tokens', 'warnings']);
  });

  it('have a translator that tells what the page says', async () => {
    const program = programWith('Translator.create', await guide('translate'));
    const [line] = await run(program.replace('epochs: 10', 'epochs: 1'), {
      given: `
        import { writeFileSync } from 'node:fs';
        const names = ['one', 'two', 'three', 'four'];
        const pairs = Array.from({ length: 64 }, (_, n) => 'the number ' + (n % 4) + '\\t' + names[n % 4]);
        writeFileSync('pairs.tsv', ['english\\tname', ...pairs].join('\\n'));
        writeFileSync('heldOut.tsv', ['english\\tname', ...pairs.slice(0, 4)].join('\\n'));`,
      after: `
        const [text] = await loaded.predict(['the number 1']);
        console.log(JSON.stringify([text, Object.keys(await loaded.evaluate('heldOut.tsv'))]));`,
    });
    const [text, measures] = JSON.parse(line!);
    expect(text).toEqual(expect.any(String));
    expect(measures).toEqual(['loss', 'tokenAccuracy', 'bleu', 'chrf', 'warnings']);
  });

  it('name only layers that there are', async () => {
    const [, table] = /^## Layers\n([\s\S]*?)^## /m.exec(await guide('layers'))!;
    const layers = [...table!.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
    expect(layers.length).toBeGreaterThan(3);
    const [exported] = await run("import * as tf from 'anyformer/tf';", {
      given: '',
      after: 'console.log(JSON.stringify(Object.keys(tf)));',
    });
    expect(JSON.parse(exported!)).toEqual(expect.arrayContaining(layers));
  });
});
