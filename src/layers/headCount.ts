import { AnyformerError } from '../core/errors.ts';

/**
 * The width of one head, `width / heads`.
 *
 * @param names how the two options are called where the error is read.
 * @throws AnyformerError `INVALID_ARGUMENT` when it is no integer, with the counts that fit.
 */
export function headWidth(
  width: number,
  heads: number,
  names: { readonly width: string; readonly heads: string },
): number {
  if (width % heads === 0) return width / heads;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${names.heads} ${heads} does not divide ${names.width} ${width}; use ${listDivisors(width)}.`,
  );
}

/**
 * Grouped-query attention shares each key and value head between equally many query heads.
 * @throws AnyformerError `INVALID_ARGUMENT` when they cannot be shared out evenly.
 */
export function checkKeyValueHeads(
  keyValueHeads: number,
  heads: number,
  names: { readonly keyValueHeads: string; readonly heads: string },
): void {
  if (heads % keyValueHeads === 0) return;
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `${names.keyValueHeads} ${keyValueHeads} does not divide ${names.heads} ${heads}; ` +
      `use ${listDivisors(heads)}.`,
  );
}

/** `1, 2, 4 or 8` */
function listDivisors(n: number): string {
  const divisors: number[] = [];
  for (let d = 1; d <= n; d++) if (n % d === 0) divisors.push(d);
  const last = divisors.pop();
  return divisors.length === 0 ? `${last}` : `${divisors.join(', ')} or ${last}`;
}
