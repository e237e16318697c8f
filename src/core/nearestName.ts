/**
 * The name that `wanted` was probably meant to be: the one with the fewest edits (Levenshtein),
 * case aside; undefined when even that one differs in more than a third of its letters.
 */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const edits = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (edits < fewest && edits <= Math.max(wanted.length, name.length) / 3) {
      fewest = edits;
      nearest = name;
    }
  }
  return nearest;
}

function editDistance(a: string, b: string): number {
  // One row of the classic table: distances from a's first letters to all beginnings of b.
  const row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = row[0]!;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      const substitution = diagonal + (a[i - 1] === b[j - 1] ? 0 : 1);
      row[j] = Math.min(above + 1, row[j - 1]! + 1, substitution);
      diagonal = above;
    }
  }
  return row[b.length]!;
}
