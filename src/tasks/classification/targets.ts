/** (N) class numbers where one label holds; (N, C) zeros and ones, flat, where several may. */
export type Targets = Int32Array | Float32Array;

/** The targets of some of the rows. */
export function targetsAt(targets: Targets, rows: Int32Array, numLabels: number): Targets {
  if (targets instanceof Int32Array) return rows.map((row) => targets[row]!);
  const picked = new Float32Array(rows.length * numLabels);
  rows.forEach((row, i) => {
    picked.set(targets.subarray(row * numLabels, (row + 1) * numLabels), i * numLabels);
  });
  return picked;
}

/** (N) 1 for the rows that have a label. */
export function holds(targets: Targets, label: number, numLabels: number): Uint8Array {
  if (targets instanceof Int32Array) {
    return Uint8Array.from(targets, (target) => Number(target === label));
  }
  return Uint8Array.from(
    { length: targets.length / numLabels },
    (_, row) => targets[row * numLabels + label]!,
  );
}
