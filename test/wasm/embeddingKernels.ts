import { type GuardedMemory, runSplit } from './guardedMemory.ts';

export interface Lookup {
  embeddings: Float32Array;
  ids: Int32Array;
  positions?: Float32Array;
  D: number;
}

export function lookupKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  { embeddings, ids, positions, D }: Lookup,
) {
  let firstBad: number | undefined;
  const N = ids.length;
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const [table, rows, out] = [memory.f32(embeddings), memory.i32(ids), memory.f32(N * D)];
    const added = positions ? memory.f32(positions) : 0;
    const T = positions ? positions.length / D : 0;
    const bad = parts(N).map(([begin, end]) =>
      memory.kernels.f32_embedding!(
        ...[table, rows, added, out, embeddings.length / D, D, T, begin, end],
      ),
    );
    firstBad ??= bad[0];
    return [memory.readF32(out, N * D)];
  });
  return { y: y as Float32Array, firstBad };
}

export function segmentSumKernel(
  guarded: GuardedMemory,
  fractions: readonly number[],
  { x, ids, D, segments, start }: SegmentSum,
) {
  const [y] = runSplit(guarded, fractions, (memory, parts) => {
    const [rows, segmentIds] = [memory.f32(x), memory.i32(ids)];
    const out = memory.f32(start ?? segments * D);
    for (const [begin, end] of parts(D)) {
      memory.kernels.f32_unsortedSegmentSum!(
        ...[rows, segmentIds, out, ids.length, D, segments, start ? 1 : 0, begin, end],
      );
    }
    return [memory.readF32(out, segments * D)];
  });
  return y as Float32Array;
}

export interface SegmentSum {
  x: Float32Array;
  ids: Int32Array;
  D: number;
  segments: number;
  start?: Float32Array;
}
