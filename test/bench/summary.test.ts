import { describe, expect, it } from 'vitest';
import { replaceBetween, summarize } from './summary.mjs';
import { NEVER_QUIET } from './support/measure.mjs';
import { formatTable } from './support/table.mjs';

const result = (given: object) => ({
  ...{
    name: 'gelu',
    ours: 4.567,
    peer: 32.5,
    peerName: 'tfjs-wasm 4.22.0',
    ratio: 7.116,
    unit: 'ms',
  },
  ...{ threads: 1, relaxed: false, node: 'v20.1.0', machine: 'A CPU, 2 cores', date: '2026-01-02' },
  ...given,
});

describe('the table of the bench', () => {
  it('has a line for each result, and each note once', () => {
    const text = formatTable([
      result({ note: 'one; two' }),
      result({ peerName: 'another', peakShare: 0.914, note: 'one' }),
    ]);
    expect(text.split('\n')).toEqual([
      'name  ours  peer  unit  ratio  % of peak  threads  relaxed  peer is',
      'gelu  4.57  32.5  ms    7.12x                   1      off  tfjs-wasm 4.22.0',
      'gelu  4.57  32.5  ms    7.12x         91        1      off  another',
      '',
      'gelu: one',
      'gelu: two',
    ]);
  });
});

describe('the summary of the bench', () => {
  it('has a line for each row and peer, and a column for each way to run', () => {
    const text = summarize([
      result({
        relaxed: true,
        threads: 2,
        peerName: 'tfjs-wasm 4.22.0, 1 thread',
        node: 'v24.0.0',
      }),
      result({}),
      result({ name: 'threads', peerName: 'ours, 1 thread', threads: 2 }),
    ]);
    expect(text).toContain('on A CPU, 2 cores, Node v24.0.0 and v20.1.0, 2026-01-02.');
    expect(text.split('\n').slice(-4)).toEqual([
      '| row     | against          | 1 thread           | 2 threads          | relaxed SIMD, 2 threads |',
      '| ------- | ---------------- | ------------------ | ------------------ | ----------------------- |',
      '| gelu    | tfjs-wasm 4.22.0 | 4.57 ms, **7.12x** |                    | 4.57 ms, **7.12x**      |',
      '| threads | ours, 1 thread   |                    | 4.57 ms, **7.12x** |                         |',
    ]);
  });

  it('marks what was taken on a busy machine, and says so', () => {
    const text = summarize([
      result({}),
      result({ name: 'adamw', note: `one; ${NEVER_QUIET}`, peakShare: 0.5 }),
    ]);
    expect(text).toContain('`~` marks what was taken on a machine that was never quiet');
    expect(text).toContain('| 4.57 ms, **7.12x**         |');
    expect(text).toContain('| 4.57 ms, **7.12x**, 50 % ~ |');
    expect(summarize([result({})])).not.toContain('~');
  });

  it('shows the products of one kind together, from the least to the most', () => {
    const product = { unit: 'GFLOP/s', peerName: 'a' };
    const text = summarize([
      result({ ...product, name: 'gemm 512^3 NN', ours: 39, ratio: 1.2, peakShare: 0.9 }),
      result({ ...product, name: 'gemm 1024^3 TT', ours: 38, ratio: 15, peakShare: 0.95 }),
    ]);
    expect(text).toContain(
      '| gemm 512^3 and 1024^3, four transposes | a       | 38.0 to 39.0 GFLOP/s, **1.20 to 15.0x**, 90 to 95 % |',
    );
  });

  it('goes between markers, which have to be there', () => {
    expect(replaceBetween('a<b>old<e>z', ['<b>', '<e>'], 'new')).toBe('a<b>\n\nnew\n\n<e>z');
    expect(() => replaceBetween('a<e>z', ['<b>', '<e>'], 'new')).toThrow('There is no <b>');
  });
});
