import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** The project's folder, from which its own name is a package: `import 'anyformer'`. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

if (!existsSync(`${root}dist/index.js`)) {
  throw new Error('These tests run the built package and there is none; run: npm run build');
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs Node in a process of its own and tells how that ended, well or not. */
export const runNode = (args: readonly string[], cwd: string): Promise<Finished> =>
  runProgram(process.execPath, args, cwd);

/** As `runNode`, with any program. */
export function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

/** An empty folder away from the project. */
export async function temporaryFolder(): Promise<string> {
  return realpath(await mkdtemp(join(tmpdir(), 'anyformer-')));
}

/** The package as a user has it: in `node_modules` of `folder`, beside nothing else. */
export interface InstalledPackage {
  readonly folder: string;
  /** Where it stands: `folder/node_modules/anyformer`. */
  readonly location: string;
  /** What npm packed, as paths inside of it. */
  readonly files: readonly string[];
  remove(): Promise<void>;
}

const run = promisify(execFile);

export async function installPackage(): Promise<InstalledPackage> {
  const folder = await temporaryFolder();
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
    const { stdout } = await run('npm', pack, { cwd: root });
    const [{ filename, files }] = JSON.parse(stdout);
    const location = join(folder, 'node_modules/anyformer');
    await mkdir(location, { recursive: true });
    const unpack = ['-xzf', join(folder, filename), '--strip-components=1', '-C', location];
    await run('tar', unpack);
    await linkDependencies(location);
    return { folder, location, files: files.map((file: { path: string }) => file.path), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function linkDependencies(location: string): Promise<void> {
  const { dependencies = {} } = JSON.parse(await readFile(join(location, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    const link = join(location, '..', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', name), link, 'dir');
  }
}
