import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { isFileSource } from '../storage/fileSource.ts';

/** How a file of data is read. */
export interface FileOptions {
  /** `csv`, `tsv`, `json`, `jsonl`, `ndjson` or `txt`. Default: what the file's name says. */
  format?: string;
}

/** How a file of labelled texts is read. */
export interface ExampleFileOptions extends FileOptions {
  /** The column of the text. Default: found by its name, or by what is in it. */
  textColumn?: string;
  /** The column of the label, likewise. */
  labelColumn?: string;
}

/** How a file of texts is read. */
export interface CorpusFileOptions extends FileOptions {
  /** The column of the text, in a table. Default: found by its name, or by what is in it. */
  textColumn?: string;
}

/** How a file of pairs is read. */
export interface PairFileOptions extends FileOptions {
  /** The column of the source. Default: found by its name; of two columns the first. */
  sourceColumn?: string;
  /** The column of the target. Default: found by its name; of two columns the second. */
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
