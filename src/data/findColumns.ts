import { AnyformerError, show } from '../core/errors.ts';
import { nearestName } from '../core/nearestName.ts';
import type { TableRow } from './table.ts';

/** What a column can hold. */
export type Role = 'text' | 'label' | 'source' | 'target';

/** The names of the columns that were asked for; those left out are found. */
export type AskedColumns<R extends Role> = { readonly [Name in R]?: string | undefined };

/** Which column holds what. */
export type FoundColumns<R extends Role> = { readonly [Name in R]: string };

/** What such columns are usually called, the surest name first. */
const USUAL: Readonly<Record<Role, readonly string[]>> = {
  text: [
    'text',
    'sentence',
    'review',
    'message',
    'body',
    'content',
    'comment',
    'question',
    'tweet',
  ].concat(['utterance', 'document', 'description', 'title']),
  label: [
    'label',
    'class',
    'category',
    'target',
    'sentiment',
    'intent',
    'topic',
    'tag',
    'type',
  ].concat(['star', 'rating']),
  source: ['source', 'src', 'input', 'from', 'question', 'prompt'],
  target: ['target', 'tgt', 'output', 'to', 'translation', 'answer', 'response', 'completion'],
};

/**
 * The columns that are asked for, and those known by their names.
 *
 * @throws AnyformerError `INVALID_DATA` for one that was asked for and is not there.
 */
export function columnsByName<R extends Role>(
  roles: readonly R[],
  asked: AskedColumns<R>,
  present: readonly string[],
): { [Name in R]?: string } {
  const found: { [Name in R]?: string } = {};
  for (const role of roles) {
    const name = asked[role];
    if (name === undefined) continue;
    if (!present.includes(name)) throw missingColumn(role, name, present);
    found[role] = name;
  }
  for (const role of roles) {
    const free = present.filter((name) => !Object.values(found).includes(name));
    const name = found[role] ?? usualName(USUAL[role], free);
    if (name !== undefined) found[role] = name;
  }
  return found;
}

/** @throws AnyformerError `INVALID_DATA` for a column that was asked for and is not there. */
function missingColumn(role: Role, name: string, present: readonly string[]): AnyformerError {
  const nearest = nearestName(name, present);
  const hint = nearest === undefined ? '' : ` Did you mean ${show(nearest)}?`;
  return new AnyformerError(
    'INVALID_DATA',
    `There is no column ${show(name)} for the ${role}; there are ${list(present)}.${hint}`,
  );
}

/** The exact name first, then any spelling of a usual one: `Reviews` for `review`. */
function usualName(usual: readonly string[], names: readonly string[]): string | undefined {
  if (names.includes(usual[0]!)) return usual[0];
  for (const wanted of usual) {
    const found = names.find((name) =>
      [wanted, `${wanted}s`, `${wanted}es`].includes(name.trim().toLowerCase()),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The columns of text and label of a table, those that their names do not tell by what is in them: a
 * label has few different short values, the text is the longest.
 *
 * @throws AnyformerError `INVALID_DATA` listing the columns where it is not clear.
 */
export function findExampleColumns(
  asked: AskedColumns<'text' | 'label'>,
  present: readonly string[],
  rows: readonly TableRow[],
): FoundColumns<'text' | 'label'> {
  const roles = ['text', 'label'] as const;
  const named = columnsByName(roles, asked, present);
  if (named.text !== undefined && named.label !== undefined)
    return named as FoundColumns<'text' | 'label'>;
  if (present.length === 1) throw onlyColumn(present[0]!, 'a text and a label');
  const free = present
    .filter((name) => !Object.values(named).includes(name))
    .map((name) => measure(name, rows));
  const isPair = present.length === 2;
  const sureText = isPair ? undefined : (named.text ?? longest(free)?.name);
  const rest = free.filter(({ name }) => name !== sureText);
  const label = named.label ?? labelAmong(rest, isPair);
  const text = named.text ?? sureText ?? longest(rest.filter(({ name }) => name !== label))?.name;
  if (text === undefined || label === undefined) throw unclear(roles, present);
  const values =
    named.label === undefined ? free.find(({ name }) => name === label)!.values : undefined;
  if (values?.has(label)) throw noHeader(label);
  return { text, label };
}

/**
 * The columns of source and target: by their names, else of two columns the first and the second.
 *
 * @throws AnyformerError `INVALID_DATA` listing the columns where it is not clear.
 */
export function findPairColumns(
  asked: AskedColumns<'source' | 'target'>,
  present: readonly string[],
): FoundColumns<'source' | 'target'> {
  const roles = ['source', 'target'] as const;
  const named = columnsByName(roles, asked, present);
  if (named.source !== undefined && named.target !== undefined)
    return named as FoundColumns<'source' | 'target'>;
  if (present.length === 1) throw onlyColumn(present[0]!, 'a source and a target');
  if (present.length > 2) throw unclear(roles, present);
  const other = (name: string) => present.find((one) => one !== name)!;
  const source = named.source ?? (named.target ? other(named.target) : present[0]!);
  return { source, target: other(source) };
}

/**
 * The column of the texts of a table without labels: by its name, else the longest.
 *
 * @throws AnyformerError `INVALID_DATA` listing the columns where it is not clear.
 */
export function findTextColumn(
  asked: AskedColumns<'text'>,
  present: readonly string[],
  rows: readonly TableRow[],
): FoundColumns<'text'> {
  const { text } = columnsByName(['text'], asked, present);
  const found = text ?? longest(present.map((name) => measure(name, rows)))?.name;
  if (found === undefined) throw unclear(['text'], present);
  return { text: found };
}

/** What is in a column. */
interface Measured {
  readonly name: string;
  /** Rows that have something in it. */
  readonly filled: number;
  /** Of its values as texts. */
  readonly meanLength: number;
  readonly isText: boolean;
  readonly values: ReadonlySet<string>;
}

/** A label is a name. */
const LONGEST_LABEL = 60;
const MOST_LABELS = 50;

function measure(name: string, rows: readonly TableRow[]): Measured {
  const values = new Set<string>();
  let filled = 0;
  let length = 0;
  let isText = false;
  for (const row of rows) {
    const value = Object.hasOwn(row.values, name) ? row.values[name] : undefined;
    if (value === undefined || value === null || value === '') continue;
    filled++;
    if (typeof value === 'string') isText = true;
    for (const one of Array.isArray(value) ? value : [value]) {
      const text = String(one).trim();
      length += text.length;
      // So many are no labels: there is no need to keep them all.
      if (values.size <= 2 * MOST_LABELS) values.add(text);
    }
  }
  return { name, filled, meanLength: filled === 0 ? 0 : length / filled, isText, values };
}

/** The column that is longer than all others. */
function longest(columns: readonly Measured[]): Measured | undefined {
  const [first, second] = columns
    .filter(({ isText }) => isText)
    .sort((a, b) => b.meanLength - a.meanLength);
  return first && first.meanLength > (second?.meanLength ?? 0) ? first : undefined;
}

/** The one column that looks like labels; of a pair of columns the one with fewer values. */
function labelAmong(columns: readonly Measured[], isPair: boolean): string | undefined {
  const few = columns.filter(
    ({ values, filled, meanLength }) =>
      values.size >= 1 &&
      values.size <= Math.max(2, Math.min(MOST_LABELS, filled / 2)) &&
      meanLength <= LONGEST_LABEL &&
      (isPair || filled >= 2 * values.size),
  );
  // A column that is the same in all rows tells nothing, where another does.
  const telling = few.filter(({ values }) => values.size > 1);
  const [first, second] = (telling.length > 0 ? telling : few).sort(
    (a, b) => a.values.size - b.values.size,
  );
  if (second === undefined) return first?.name;
  return isPair && first!.values.size < second.values.size ? first!.name : undefined;
}

function unclear(roles: readonly Role[], present: readonly string[]): AnyformerError {
  const options = roles.map((role) => `${role}Column`).join(' and ');
  return new AnyformerError(
    'INVALID_DATA',
    `It is not clear which column holds the ${roles.join(' and which the ')}; there are ${list(present)}. Name ${roles.length > 1 ? 'them' : 'it'} by ${options}.`,
  );
}

function onlyColumn(name: string, needed: string): AnyformerError {
  return new AnyformerError(
    'INVALID_DATA',
    `The table has only the column ${show(name)}; each row needs ${needed}, in two columns.`,
  );
}

function noHeader(name: string): AnyformerError {
  return new AnyformerError(
    'INVALID_DATA',
    `The first row does not name the columns: ${show(name)} is among the values below it, too. Put a row with names first, such as text,label.`,
  );
}

const list = (names: readonly string[]) => names.map(show).join(', ');
