import { Adagrad } from './adagrad.ts';
import { Adam } from './adam.ts';
import { AdamW } from './adamW.ts';
import type { Optimizer } from './optimizer.ts';
import { RmsProp } from './rmsProp.ts';
import { Sgd } from './sgd.ts';

/** The settings of all optimizers; each takes what it knows. */
export interface OptimizerSettings {
  readonly weightDecay: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Which variables decay, by name. */
  readonly decays: (name: string) => boolean;
}

const adamOptions = (settings: OptimizerSettings) => ({
  beta1: settings.adamBeta1,
  beta2: settings.adamBeta2,
  epsilon: settings.adamEpsilon,
  weightDecay: settings.weightDecay,
  decays: settings.decays,
});

const registry = {
  adamw: (settings: OptimizerSettings) => new AdamW(adamOptions(settings)),
  adam: (settings: OptimizerSettings) => new Adam(adamOptions(settings)),
  sgd: (settings: OptimizerSettings) => new Sgd(settings),
  rmsprop: (settings: OptimizerSettings) => new RmsProp(settings),
  adagrad: (settings: OptimizerSettings) => new Adagrad(settings),
} satisfies Record<string, (settings: OptimizerSettings) => Optimizer>;

/** Names of the optimizers, as HF's `optim` has them without the name of the implementation. */
export type OptimizerName = keyof typeof registry;

export const optimizerNames = Object.keys(registry) as OptimizerName[];

export function createOptimizer(name: OptimizerName, settings: OptimizerSettings): Optimizer {
  return registry[name](settings);
}
