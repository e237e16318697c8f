import { AnyformerError } from '../core/errors.ts';

/** Names the file in what is wrong with its data. */
export async function naming<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof AnyformerError) || error.code !== 'INVALID_DATA') throw error;
    throw new AnyformerError(error.code, `${name}: ${error.message}`, { cause: error });
  }
}
