import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../support/builtPackage.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** Resolves once stdout has so many lines that match. */
  seen(pattern: RegExp, times?: number): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Starts the built command in a process of its own. */
export function startCli(args: readonly string[], cwd: string, input?: string): Running {
  const child = spawn(process.execPath, [join(root, 'dist/cli.js'), ...args], { cwd });
  let [stdout, stderr] = ['', ''];
  const waiting: (() => void)[] = [];
  child.stdout.on('data', (part) => {
    stdout += part;
    for (const check of waiting) check();
  });
  child.stderr.on('data', (part) => {
    stderr += part;
  });
  child.stdin.end(input ?? '');
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const seen = (pattern: RegExp, times = 1) =>
    new Promise<void>((resolve, reject) => {
      const check = () => {
        if (stdout.split('\n').filter((line) => pattern.test(line)).length >= times) resolve();
      };
      waiting.push(check);
      check();
      ended.then(({ code }) => reject(new Error(`it ended (${code}) before: ${stderr}`)));
    });
  return { child, seen, ended };
}

export const runCli = (args: readonly string[], cwd: string, input?: string): Promise<Ended> =>
  startCli(args, cwd, input).ended;

/** Starts a training with `--json` and sends it a signal once it is under way. */
export async function interruptCli(
  args: readonly string[],
  cwd: string,
  signal: NodeJS.Signals,
): Promise<Ended> {
  const running = startCli(args, cwd);
  await running.seen(/"phase":"train"/, 2);
  running.child.kill(signal);
  return running.ended;
}

/** SHA-256 of a folder's weights. */
export async function weightsOf(folder: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, 'model.safetensors')))
    .digest('hex');
}

const WORDS = {
  positive: ['lovely', 'wonderful', 'quiet'],
  negative: ['boring', 'awful', 'loud'],
} as const;

/** A table of films, whose label one word tells. */
export const films = (count: number): string =>
  [
    'text,label',
    ...Array.from({ length: count }, (_, n) => {
      const label = n % 2 ? 'positive' : 'negative';
      return `A ${WORDS[label][n % 3]} film number ${n}.,${label}`;
    }),
    '',
  ].join('\n');

/** The smallest model that learns from them. */
export const SMALL = [
  ['--max-length', '16'],
  ['--vocab-size', '200'],
  ['--hidden-size', '16'],
  ['--num-attention-heads', '2'],
  ['--intermediate-size', '16'],
  ['--learning-rate', '0.01'],
  // All rows are learned from.
  ['--validation-split', '0'],
  // The weights are compared to the bit.
  ['--no-relaxed'],
].flat();
