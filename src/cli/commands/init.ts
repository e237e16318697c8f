import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { AnyformerError } from '../../core/errors.ts';
import type { Command } from '../command.ts';
import { boolean } from '../options.ts';
import { UsageError, unknownName } from '../usageError.ts';

interface Template {
  readonly summary: string;
  /** Where the sample rows are copied to. A template without it contains its rows. */
  readonly data?: string;
  /** What to type in its folder. */
  readonly start: string;
}

const TEMPLATES: Readonly<Record<string, Template>> = {
  vite: {
    summary: 'a page that trains and predicts, built with Vite',
    data: 'public/messages.csv',
    start: 'npm install && npm start',
  },
  node: {
    summary: 'a program for Node',
    data: 'messages.csv',
    start: 'npm install && npm start',
  },
  worker: {
    summary: 'a Cloudflare Worker, trained in Node',
    data: 'messages.csv',
    start: 'npm install && npm start',
  },
  'script-tag': {
    summary: 'one html file, without a build',
    start: 'open index.html in a browser',
  },
};

const names = Object.keys(TEMPLATES);
const options = {
  force: boolean('Write into a folder that has files; those of the same name are replaced'),
};

/** `anyformer init`: a project to begin with. */
export const init: Command<typeof options> = {
  name: 'init',
  summary: 'Makes a project to begin with',
  usage: `${names.join('|')} [FOLDER] [options]`,
  groups: { Options: options },
  options,
  takesTexts: true,
  examples: [
    ['init node my-classifier', 'A program for Node, in the folder my-classifier'],
    ...names
      .filter((name) => name !== 'node')
      .map((name) => [`init ${name}`, TEMPLATES[name]!.summary] as const),
  ],
  async run({ values, texts, output, location }) {
    const [name, folder = name, ...others] = texts;
    if (name === undefined) throw new UsageError(`init needs a template: ${names.join(', ')}.`);
    if (!Object.hasOwn(TEMPLATES, name)) {
      throw new UsageError(unknownName('template', `'${name}'`, name, names));
    }
    if (others.length > 0) {
      throw new UsageError(`init takes a template and a folder, received '${others[0]}' as well.`);
    }
    const target = resolve(folder!);
    if (!values.force) await checkEmpty(target, folder!);
    const { data, start } = TEMPLATES[name]!;
    await mkdir(target, { recursive: true });
    await cp(new URL(`examples/templates/${name}/`, location), target, { recursive: true });
    if (data !== undefined) {
      await cp(new URL('examples/browser-train/sample.csv', location), resolve(target, data));
    }
    await nameProject(target);
    const steps = [
      ...(target === process.cwd()
        ? []
        : [`cd ${/^[\w./-]+$/.test(folder!) ? folder : JSON.stringify(folder)}`]),
      start,
    ];
    if (output.json) await output.line(JSON.stringify({ template: name, folder: target, start }));
    else
      await output.line(
        `Made ${folder}, ${TEMPLATES[name]!.summary}. Next:\n\n  ${steps.join('\n  ')}\n`,
      );
    return 0;
  },
};

async function checkEmpty(target: string, folder: string): Promise<void> {
  const files = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new AnyformerError('STORAGE', `${folder} cannot be used: ${error.message}.`, {
      cause: error,
    });
  });
  if (files.length === 0) return;
  throw new AnyformerError(
    'STORAGE',
    `${folder} has files already; name another folder, or add --force to write into it.`,
  );
}

/** Names the package after its folder, in the characters that npm allows. */
async function nameProject(target: string): Promise<void> {
  const file = resolve(target, 'package.json');
  const content = await readFile(file, 'utf8').catch(() => undefined);
  if (content === undefined) return;
  const name = basename(target)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  if (name === '') return;
  await writeFile(file, content.replace(/"name": "[^"]*"/, `"name": "${name}"`));
}
