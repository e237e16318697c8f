import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { transform } from 'esbuild';
import {
  type Finished,
  type InstalledPackage,
  installPackage,
  runNode,
} from '../../support/builtPackage.ts';
import { type Snippet, wholeCode } from './snippets.ts';

/**
 * Shortens what takes minutes: loaded before each program. Only where a program names epochs or steps
 * itself, and for generators and translators; what `train` makes of data by default stays.
 */
const SHORT_TRAININGS = `
import { TextClassifier, TextGenerator, Translator } from 'anyformer';
for (const Task of [TextClassifier, TextGenerator, Translator]) {
  const { train } = Task.prototype;
  Task.prototype.train = function (data, options = {}) {
    const { epochs, maxSteps, ...others } = options;
    if (Task === TextClassifier && epochs === undefined && maxSteps === undefined)
      return train.call(this, data, options);
    return train.call(this, data, { ...others, maxSteps: Math.min(maxSteps ?? 4, 20) });
  };
}
`;

/** Data and models that the pages speak of. */
const PREPARE = `
import { writeFileSync } from 'node:fs';
import { TextClassifier, TextGenerator } from 'anyformer';

const rows = (words, count) => Array.from({ length: count }, (_, n) => {
  const labels = Object.keys(words);
  const label = labels[n % labels.length];
  const telling = words[label];
  return [telling[Math.floor(n / labels.length) % telling.length].replace('#', n), label];
});
const csv = (table) => ['text,label', ...table.map(([text, label]) => '"' + text + '",' + label)].join('\\n');
const films = rows({
  positive: ['A lovely film, number #.', 'Quiet and wonderful, # times.', 'A quiet, lovely film #.'],
  negative: ['A boring film, number #.', 'Loud and awful, # times.', 'A loud, boring film #.'],
}, 120);
writeFileSync('films.csv', csv(films));
writeFileSync('heldOut.csv', csv(films.slice(0, 12)));
writeFileSync('more.txt', 'A lovely film.\\nBoring and loud.\\n');
const tickets = rows({
  delivery: ['Where is my parcel #?', 'The parcel # came broken.', 'My order # never arrived.'],
  billing: ['I was charged twice, # euros.', 'Please send invoice # again.', 'The bill # is wrong.'],
}, 90);
writeFileSync('tickets.csv', csv(tickets) + '\\n,billing\\n');
writeFileSync('heldOutTickets.csv', csv(tickets.slice(0, 12)));
writeFileSync('tales.txt', 'ROMEO: to be, or not to be. Once upon a time in a tale. '.repeat(40));
const names = ['one', 'two', 'three', 'four'];
const pairs = Array.from({ length: 64 }, (_, n) => 'the number ' + (n % 4) + '\\t' + names[n % 4]);
writeFileSync('pairs.tsv', ['source\\ttarget', ...pairs].join('\\n'));
writeFileSync('heldOut.tsv', ['source\\ttarget', ...pairs.slice(0, 4)].join('\\n'));

const classifier = await TextClassifier.create();
await classifier.train('films.csv');
await classifier.save('./model');
const generator = await TextGenerator.create({
  tokenizer: { type: 'characters' },
  decoder: { hiddenSize: 16, numHiddenLayers: 1, numAttentionHeads: 2, maxPositionEmbeddings: 32 },
});
await generator.train('tales.txt', { maxSteps: 5 });
await generator.save('./writer');
`;

/** As npx runs the package's command. */
const NPX = (folder: string) => `#!/bin/sh
[ "$1" = anyformer ] || exit 127
shift
exec "${process.execPath}" --import "${folder}/shortTrainings.mjs" "${folder}/node_modules/anyformer/dist/cli.js" "$@"
`;

/** A machine on which a reader follows the pages: the package is installed, and there is data. */
export class Reader {
  private constructor(private readonly installed: InstalledPackage) {}

  static async create(): Promise<Reader> {
    const installed = await installPackage();
    const { folder } = installed;
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data/prepare.mjs'), PREPARE);
    await writeFile(join(folder, 'shortTrainings.mjs'), SHORT_TRAININGS);
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin/npx'), NPX(folder));
    await chmod(join(folder, 'bin/npx'), 0o755);
    const reader = new Reader(installed);
    const prepared = await runNode(['prepare.mjs'], join(folder, 'data'));
    if (prepared.code !== 0) throw new Error(prepared.stderr);
    return reader;
  }

  get folder(): string {
    return this.installed.folder;
  }

  /** A folder for a page, with the data in it. */
  async open(page: string): Promise<string> {
    const folder = join(this.folder, 'pages', page.replaceAll('/', '-').replace(/\.md$/, ''));
    await cp(join(this.folder, 'data'), folder, { recursive: true });
    return folder;
  }

  /** Runs a snippet in Node, as its own program, or saves it where it has a name. */
  async run(snippet: Snippet, folder: string): Promise<Finished | undefined> {
    const name = snippet.file ?? `line${snippet.line}.mjs`;
    await writeFile(join(folder, name), await javaScriptOf(snippet));
    if (snippet.file !== undefined) return undefined;
    return runNode(['--import', '../../shortTrainings.mjs', name], folder);
  }

  /** Runs a line of a shell. */
  runLine(line: string, folder: string): Promise<Finished> {
    const env = { ...process.env, PATH: `${join(this.folder, 'bin')}:${process.env.PATH}` };
    return new Promise((resolve) => {
      const child = execFile('sh', ['-c', line], { cwd: folder, env }, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode, stdout, stderr }),
      );
      child.stdin?.end();
    });
  }

  remove(): Promise<void> {
    return this.installed.remove();
  }
}

/** Node 20 strips no types. */
async function javaScriptOf(snippet: Snippet): Promise<string> {
  const code = wholeCode(snippet);
  if (snippet.language === 'js') return code;
  const loader = snippet.language as 'ts' | 'tsx';
  return (await transform(code, { loader, target: 'node20', jsx: 'automatic' })).code;
}
