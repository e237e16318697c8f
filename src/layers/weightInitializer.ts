import type { serialization } from '@tensorflow/tfjs-core';
import {
  getInitializer,
  type Initializer,
  serializeInitializer,
} from '@tensorflow/tfjs-layers/dist/initializers.js';
import { mixSeeds } from '../core/random.ts';

/** As in tfjs-layers: a name (`glorotUniform`), an initializer, or its serialized form. */
export type InitializerOption = Parameters<typeof getInitializer>[0];

/**
 * The initializer of one weight of a layer, always seeded: by the initializer's own seed where it
 * has one, else by the layer's, and either way by the weight's name too. Otherwise two weights of
 * the same shape would start out equal.
 */
export function weightInitializer(
  option: InitializerOption,
  weightName: string,
  layerSeed: number,
): Initializer {
  const initializer = getInitializer(option);
  const config = initializer.getConfig();
  if (!('seed' in config)) return initializer;
  const seed = typeof config.seed === 'number' ? config.seed : layerSeed;
  const kind = initializer.constructor as new (config: serialization.ConfigDict) => Initializer;
  return new kind({ ...config, seed: mixSeeds(seed, hashName(weightName)) });
}

/** The plain form of an initializer that a layer's config keeps. */
export function initializerConfig(option: InitializerOption): serialization.ConfigDictValue {
  return serializeInitializer(getInitializer(option));
}

/** A 32-bit number that differs between names. */
export function hashName(name: string): number {
  let hash = name.length;
  for (let i = 0; i < name.length; i++) hash = mixSeeds(hash, name.charCodeAt(i));
  return hash;
}
