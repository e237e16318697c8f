import { readdirSync, readFileSync } from 'node:fs';
import { serialization } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { registerLayers } from '../../src/layers/registerLayers.ts';

const folder = new URL('../../src/layers/', import.meta.url);
const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
const classNames = sources.flatMap((text) =>
  [...text.matchAll(/static readonly className = '(\w+)'/g)].map((m) => m[1]!),
);

describe('registerLayers', () => {
  it('makes every layer of the folder known to tfjs-layers', () => {
    const { classNameMap } = serialization.SerializationMap.getMap();
    registerLayers();
    registerLayers();
    expect(classNames.length).toBeGreaterThan(9);
    for (const name of classNames) expect(classNameMap[name], name).toBeDefined();
  });

  it('is the only place that registers, so that importing a layer does nothing', () => {
    const registering = sources.filter((text) => text.includes('registerClass('));
    expect(registering).toHaveLength(1);
    expect(registering[0]).toContain('export function registerLayers');
  });
});
