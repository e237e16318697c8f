import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { source } from '../../rollup.config.mjs';
import { modulesOf } from '../../rollup.modules.mjs';
import { otherKernels } from '../../src/kernels/index.ts';
import { complexKernels } from '../../src/kernels/missing/complex.ts';
import { complexArithmeticKernels } from '../../src/kernels/missing/complexArithmetic.ts';
import { stringKernels } from '../../src/kernels/missing/strings.ts';
import * as modelGradients from '../../src/kernels/modelGradients.ts';
import * as modelKernels from '../../src/kernels/modelKernels.ts';
import { modelRegistry } from '../../src/kernels/modelRegistry.ts';

/** For numbers of dtype complex64, which are in no model. */
const COMPLEX = ['Complex', 'ComplexAbs', 'Imag', 'Real'];

/** What runs a kernel by its name: in tfjs's operations and gradients, and in ours. */
const CALL = /(?:runKernel|runKernelFunc|runStockKernel|getKernel)\(\s*(?:tf\.)?([A-Z_]\w*)\b/g;

const names = (rows: readonly { kernelName: string }[]) => rows.map(({ kernelName }) => kernelName);
const stock = names(Object.values(modelKernels));
const ours = names(modelRegistry);
const without = (list: readonly string[], others: readonly string[]) =>
  list.filter((name) => !others.includes(name)).sort();

/** The kernels of tfjs that the code behind `anyformer` can come to run. */
let called: string[];

beforeAll(async () => {
  const modules = await modulesOf('src/index.ts', source);
  const found = new Set<string>();
  for (const id of modules.keys()) {
    if (!/\/tfjs-core\/dist\/|\/src\//.test(id) || id.includes('\0')) continue;
    for (const [, name] of readFileSync(id, 'utf8').matchAll(CALL)) {
      const value = (tf as unknown as Record<string, unknown>)[name!];
      if (typeof value === 'string') found.add(value);
    }
  }
  called = [...found];
}, 300_000);

describe('an engine without anyformer/tf', () => {
  it('has the kernels of all operations that are called, and no others', () => {
    expect(called.length).toBeGreaterThan(30);
    expect(without(called, [...stock, ...ours])).toEqual(COMPLEX);
    expect(without(stock, called)).toEqual([]);
  });

  it('has their gradients', () => {
    // Typed as never undefined, but it is for a kernel that tfjs has no gradient of.
    const withGradient = called.filter((name) => (tf.getGradient(name) as unknown) !== undefined);
    expect(withGradient.length).toBeGreaterThan(30);
    const registered = names([
      ...Object.values(modelGradients),
      ...modelRegistry.filter(({ gradient }) => gradient !== undefined),
    ]);
    expect(without(withGradient, [...registered, ...COMPLEX])).toEqual([]);
    expect(without(names(Object.values(modelGradients)), called)).toEqual([]);
  });

  it('has our kernel wherever we have one, but for texts and complex numbers', () => {
    const forOthers = names([...complexKernels, ...complexArithmeticKernels, ...stringKernels]);
    const elsewhere = names(otherKernels).filter((name) => called.includes(name));
    expect(without(elsewhere, forOthers)).toEqual([]);
  });
});
