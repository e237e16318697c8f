import { AnyformerError, show } from '../core/errors.ts';

/**
 * The activations, by the code that wasm/lib/activation.ts has for each, and whether the slope at
 * an output is that at its input: then the input need not be kept for the gradient.
 */
export const activations = {
  linear: { code: 0, slopeFromOutput: true },
  relu: { code: 1, slopeFromOutput: true },
  gelu: { code: 2, slopeFromOutput: false },
  gelu_new: { code: 3, slopeFromOutput: false },
  tanh: { code: 4, slopeFromOutput: false },
  sigmoid: { code: 5, slopeFromOutput: false },
  silu: { code: 6, slopeFromOutput: false },
  relu6: { code: 7, slopeFromOutput: true },
  elu: { code: 8, slopeFromOutput: false },
} as const;

/** The name of an activation, as in the `hidden_act` of Hugging Face's configs. */
export type ActivationName = keyof typeof activations;

/** Other names that the same functions go by in Hugging Face's configs and in Keras. */
const aliases = {
  gelu_pytorch_tanh: 'gelu_new',
  gelu_fast: 'gelu_new',
  gelu_python: 'gelu',
  swish: 'silu',
  identity: 'linear',
} as const satisfies Readonly<Record<string, ActivationName>>;

/** What an option takes: the name of an activation, or another name of it. */
export type ActivationOption = ActivationName | keyof typeof aliases;

/**
 * The activation that a name of a config stands for.
 *
 * @param name a name of {@link ActivationName}, or one of Hugging Face's others for the same
 * function: `gelu_pytorch_tanh`, `gelu_fast`, `gelu_python`, `swish`, `identity`.
 * @throws AnyformerError `INVALID_ARGUMENT` for a name that is not known.
 *
 * @example
 * activationNamed('gelu_pytorch_tanh'); // 'gelu_new'
 */
export function activationNamed(name: string): ActivationName {
  if (Object.hasOwn(activations, name)) return name as ActivationName;
  if (Object.hasOwn(aliases, name)) return aliases[name as keyof typeof aliases];
  throw new AnyformerError(
    'INVALID_ARGUMENT',
    `Activation ${show(name)} is not known; use one of ` +
      `${[...Object.keys(activations), ...Object.keys(aliases)].join(', ')}.`,
  );
}
