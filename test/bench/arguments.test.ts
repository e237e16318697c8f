import { describe, expect, it } from 'vitest';
import { parseArguments } from './arguments.mjs';

const rows = ['train-step-128', 'train-step-500', 'gemm', 'memory-128'];
const parse = (...given: string[]) => parseArguments(given, rows);

describe('the arguments of the bench', () => {
  it('are every row on one thread where there are none', () => {
    expect(parse()).toEqual({
      ...{ names: rows, threads: 1, relaxed: false, profile: false, json: undefined },
    });
  });

  it('name rows, or what several begin with, which run in their own order and once', () => {
    expect(parse('gemm', 'train-step', 'gemm').names).toEqual([
      ...['train-step-128', 'train-step-500', 'gemm'],
    ]);
    expect(parse('train-step-500').names).toEqual(['train-step-500']);
  });

  it('may ask for JSON in a file or on stdout', () => {
    expect(parse('--json', 'out.json', 'gemm')).toMatchObject({ json: 'out.json' });
    expect(parse('--json', 'gemm')).toMatchObject({ json: 'stdout', names: ['gemm'] });
  });

  it('may ask for threads and relaxed SIMD', () => {
    expect(parse('--threads', '2', '--relaxed', '--profile')).toMatchObject({
      ...{ threads: 2, relaxed: true, profile: true },
    });
  });

  it('are refused by name where they mean nothing', () => {
    expect(() => parse('gem')).toThrow("No row 'gem'. The rows are train-step-128,");
    expect(() => parse('--fast')).toThrow("No option '--fast'.");
    expect(() => parse('--threads', 'all')).toThrow('at least 1, not all.');
    expect(() => parse('--threads')).toThrow('at least 1, not undefined.');
  });
});
