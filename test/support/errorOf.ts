import { expect } from 'vitest';
import type { AnyformerError } from '../../src/core/errors.ts';

/** What a promise was rejected with. */
export function errorOf(promise: Promise<unknown>): Promise<AnyformerError> {
  return promise.then(
    () => expect.unreachable('it should have failed'),
    (error) => error,
  );
}
