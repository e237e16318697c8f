import { parseArgs } from 'node:util';
import { AnyformerError } from 'anyformer';

/** What was passed to the program and has to be passed differently. */
export class UsageError extends Error {}

/**
 * Runs a program of the terminal. What its user can mend is said in one message; any other error
 * keeps its stack.
 *
 * @param {string} usage
 * @param {() => Promise<void>} main
 */
export async function runProgram(usage, main) {
  try {
    await main();
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n${usage}`);
      process.exitCode = 2;
    } else if (error instanceof AnyformerError) {
      console.error(error.message);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}

/** @type {typeof parseArgs} */
export function parseFlags(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    const known = Object.keys(config.options).map((name) => `--${name}`);
    throw new UsageError(`${error.message}. Known are ${known.join(', ')}.`);
  }
}

/**
 * @param {string} flag
 * @param {string} value
 * @param {number} smallest
 */
export function wholeNumber(flag, value, smallest) {
  const number = Number(value);
  if (value.trim() !== '' && Number.isSafeInteger(number) && number >= smallest) return number;
  throw new UsageError(`${flag} must be a whole number from ${smallest} on, received '${value}'.`);
}
