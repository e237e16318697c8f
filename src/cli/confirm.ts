import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { AnyformerError } from '../core/errors.ts';

/** Where a question is asked: `process.stdin` and `process.stderr`, or stand-ins for tests. */
export interface Console {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const ofProcess = (): Console => ({ input: process.stdin, output: process.stderr });

/** Whether a person can answer. */
export const canAsk = ({ input, output }: Console = ofProcess()): boolean =>
  Boolean(input.isTTY && output.isTTY);

/**
 * Asks a question; anything but yes is no, so is the end of the input.
 * @throws AnyformerError `ABORTED` when `signal` fires before the answer.
 */
export async function confirm(
  question: string,
  signal: AbortSignal,
  { input, output }: Console = ofProcess(),
): Promise<boolean> {
  // As no terminal, so that Ctrl-C stays the signal that the process listens to.
  const lines = createInterface({ input, terminal: false });
  output.write(`${question} [y/N] `);
  const answered = once(lines, 'line', { signal });
  const ended = once(lines, 'close', { signal });
  try {
    const [answer] = await Promise.race([answered, ended]);
    return /^\s*y(es)?\s*$/i.test(answer ?? '');
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new AnyformerError('ABORTED', 'interrupted; nothing is changed.', { cause: error });
  } finally {
    answered.catch(() => {});
    ended.catch(() => {});
    lines.close();
  }
}
