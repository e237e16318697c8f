import { pick, type Values } from './options.ts';

interface TokenizerFlags {
  readonly tokenizerType?: string;
  readonly vocabSize?: number;
}

/**
 * The options of a tokenizer that is learned, out of those of the command line; undefined without
 * any, which leaves the choice to the task.
 */
export function tokenizerOf<T>(
  values: Parameters<typeof pick>[0],
  flags: Parameters<typeof pick>[1],
  defaults: { readonly type: string; readonly vocabSize?: number },
): T | undefined {
  const given: Values<typeof flags> & TokenizerFlags = pick(values, flags);
  if (Object.keys(given).length === 0) return undefined;
  const { tokenizerType: type = defaults.type, ...others } = given;
  const { vocabSize } = defaults;
  // Characters are as many as the texts have.
  const vocabulary = type === 'characters' || vocabSize === undefined ? {} : { vocabSize };
  return { ...vocabulary, ...others, type } as T;
}
