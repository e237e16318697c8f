import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { isFileSource } from '../storage/fileSource.ts';

/** Options for reading a data file. */
export interface FileOptions {
  /** `csv`, `tsv`, `json`, `jsonl`, `ndjson` or `txt`. Default: by the file's name. */
  format?: string;
}

/** Options for reading a file of labelled texts. */
export interface ExampleFileOptions extends FileOptions {
  /** The name of the column with the texts. Default: found by its name or its content. */
  textColumn?: string;
  /** The name of the column with the labels. Default: found by its name or its content. */
  labelColumn?: string;
}

/** Options for reading a file of texts. */
export interface CorpusFileOptions extends FileOptions {
  /** The name of the column with the texts, in a table. Default: found by its name or its content. */
  textColumn?: string;
}

/** Options for reading a file of pairs. */
export interface PairFileOptions extends FileOptions {
  /** The name of the column with the sources. Default: found by its name, or the first of two columns. */
  sourceColumn?: string;
  /** The name of the column with the targets. Default: found by its name, or the second of two columns. */
  targetColumn?: string;
}

/** The schemas of such options. */
export type FileEntries<File> = { readonly [Name in keyof File]-?: v.GenericSchema };

const name = v.optional(
  v.pipe(v.string('a text that is not empty'), v.minLength(1, 'a text that is not empty')),
);

export const exampleFileEntries = { format: name, textColumn: name, labelColumn: name };
export const corpusFileEntries = { format: name, textColumn: name };
export const pairFileEntries = { format: name, sourceColumn: name, targetColumn: name };

/**
 * Refuses what says how to read a file where there is none to be read.
 *
 * @param sources what was passed to learn from and to validate on.
 * @throws AnyformerError `INVALID_ARGUMENT`.
 */
export function checkFileOptions(
  where: string,
  options: FileOptions,
  sources: readonly unknown[],
): void {
  const [given] = Object.entries(options).filter(([, value]) => value !== undefined);
  if (given === undefined || sources.some(isFileSource)) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: ${given[0]} ${show(given[1])} says how to read a file, and the data was passed itself; leave it out, or pass the file.`,
  );
}

/** Parts options that say how a file is read from the rest. */
export function splitOptions<File extends FileOptions, Rest extends object>(
  entries: FileEntries<File>,
  options: (File & Rest) | undefined,
): { file: File; rest: Rest } {
  const part = (isFile: boolean) =>
    Object.entries(options ?? {}).filter(([key]) => Object.hasOwn(entries, key) === isFile);
  return {
    file: Object.fromEntries(part(true)) as unknown as File,
    rest: Object.fromEntries(part(false)) as Rest,
  };
}

/**
 * The value of an option that has two names.
 *
 * @throws AnyformerError `INVALID_ARGUMENT` where both are given.
 */
export function eitherOption(
  where: string,
  name: string,
  value: string | undefined,
  otherName: string,
  other: string | undefined,
): string | undefined {
  if (value === undefined || other === undefined) return value ?? other;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${where}: ${name} ${show(value)} and ${otherName} ${show(other)} are the same option; pass one of them.`,
  );
}
