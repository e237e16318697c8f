import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { threads } from './settings.mjs';

const script = fileURLToPath(new URL('torchArticle.py', import.meta.url));

/** Where a Python with torch may be, in the order in which they are tried. */
const candidates = [process.env.PYTHON, 'python3', '/usr/bin/python3'].filter(Boolean);

/**
 * Starts native PyTorch in a process of its own, with the bench's number of threads.
 *
 * @returns `name`, with its version and what multiplies matrices; `ask(request)`, see
 *   torchArticle.py; `stop()`. Undefined where no Python has torch, which is said by `progress`.
 */
export async function startTorch(progress) {
  const python = candidates.find(
    (file) => spawnSync(file, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );
  if (python === undefined) {
    progress(`PyTorch left out: none of ${candidates.join(', ')} has torch; set PYTHON to one`);
    return undefined;
  }
  const child = spawn(python, [script, String(threads)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: String(threads) },
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await answers.next();
    if (done) throw new Error('The process of PyTorch has ended; what it said is above.');
    return JSON.parse(value);
  };
  const { version, blas, capability } = await answer();
  return {
    name: `PyTorch ${version} (${blas}, ${capability})`,
    ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    stop: () => child.stdin.end(),
  };
}
