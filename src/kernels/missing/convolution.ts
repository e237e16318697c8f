import * as tf from '@tensorflow/tfjs-core';
import type { AnyformerBackend } from '../../engine/backend.ts';
import { activations } from '../activationName.ts';
import { type Compute, type KernelDefinition, overrideKernel } from '../kernelDefinition.ts';
import { runRange } from '../run.ts';
import { Intermediates } from './intermediates.ts';

/** (B, C, H, W) -> (B, H, W, C), and back. */
export const CHANNELS_LAST = [0, 2, 3, 1];
export const CHANNELS_FIRST = [0, 3, 1, 2];

export interface ConvolutionAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: 'NHWC' | 'NCHW';
  /** null where the caller gave null: 1. */
  readonly dilations: number | [number, number] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Inputs = { x: tf.TensorInfo; filter: tf.TensorInfo };

/** The attributes of the same convolution with the channels last. */
export function channelsLast<Attributes extends Pick<ConvolutionAttributes, 'pad' | 'dataFormat'>>(
  attrs: Attributes,
): Attributes {
  const { pad } = attrs;
  if (!Array.isArray(pad)) return { ...attrs, dataFormat: 'NHWC' };
  return { ...attrs, dataFormat: 'NHWC', pad: CHANNELS_LAST.map((axis) => pad[axis]) };
}

/**
 * Padding 'same' in numbers. tfjs's own asks XNNPACK to work it out, and that leaves the result unset
 * where the filter has one row or column and there is nothing to pad.
 */
function withExplicitPadding<Attributes extends ConvolutionAttributes>(
  { x, filter }: Inputs,
  attrs: Attributes,
  isDepthwise: boolean,
): Attributes {
  if (attrs.pad !== 'same') return attrs;
  const { top, bottom, left, right } = tf.backend_util.computeConv2DInfo(
    x.shape as Shape4D,
    filter.shape as Shape4D,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    isDepthwise,
  ).padInfo;
  const pad = [[0, 0], [top, bottom], [left, right], [0, 0]]; // biome-ignore format: a table
  return { ...attrs, pad };
}

type Shape4D = [number, number, number, number];
type Convolution = Compute<Inputs, ConvolutionAttributes>;

/** tfjs's Conv2D, with the channels first too. */
const conv2D = overrideKernel(
  tf.Conv2D,
  (stock: Convolution): Convolution =>
    (call) => {
      const { inputs, attrs, backend } = call;
      if (attrs.dataFormat !== 'NCHW') {
        return stock({ ...call, attrs: withExplicitPadding(inputs, attrs, false) });
      }
      const steps = new Intermediates(backend);
      const x = steps.transpose(inputs.x, CHANNELS_LAST);
      const y = steps.run(
        tf.Conv2D,
        { x, filter: inputs.filter },
        {
          ...channelsLast(attrs),
          dilations: attrs.dilations ?? 1,
        },
      );
      return steps.finish(steps.transpose(y, CHANNELS_FIRST));
    },
);

const depthwiseConv2D = overrideKernel(
  tf.DepthwiseConv2dNative,
  (stock: Convolution): Convolution =>
    (call) =>
      stock({ ...call, attrs: withExplicitPadding(call.inputs, call.attrs, true) }),
);

interface FusedInputs extends Inputs {
  readonly bias?: tf.TensorInfo;
  readonly preluActivationWeights?: tf.TensorInfo;
}

interface FusedAttributes extends ConvolutionAttributes {
  readonly activation: tf.fused.Activation;
  readonly leakyreluAlpha?: number;
}

type Fused = Compute<FusedInputs, FusedAttributes>;

/** tfjs's fused convolution, with the channels first and with a bias of any shape too. */
function fused(kernelName: string, convolution: string): KernelDefinition {
  return overrideKernel(
    kernelName,
    (stock: Fused): Fused =>
      (call) => {
        const { inputs, attrs, backend } = call;
        const { x, filter, bias } = inputs;
        const isServed = attrs.dataFormat === 'NHWC' && (!bias || isRow(backend, bias));
        if (isServed && attrs.activation !== 'prelu') {
          // Given weights that the activation does not use, tfjs's own leaves the result unset.
          const { preluActivationWeights: _, ...needed } = inputs;
          const { activation, ...rest } = withExplicitPadding(
            inputs,
            attrs,
            convolution !== tf.Conv2D,
          );
          const isRelu = activation === 'relu' || activation === 'relu6';
          if (!isRelu) return stock({ inputs: needed, attrs: { ...rest, activation }, backend });
          const sums = {
            inputs: needed,
            attrs: { ...rest, activation: 'linear' as const },
            backend,
          };
          return applyInPlace(backend, stock(sums) as tf.TensorInfo, activation);
        }
        const steps = new Intermediates(backend);
        const { activation, leakyreluAlpha, ...rest } = attrs;
        const y = steps.run(
          convolution,
          { x, filter },
          { ...rest, dilations: rest.dilations ?? 1 },
        );
        return steps.finish(finishFused(steps, y, inputs, attrs));
      },
  );
}

/** Applies an activation where tfjs's own would make 0 of NaN. */
function applyInPlace(
  backend: AnyformerBackend,
  y: tf.TensorInfo,
  name: 'relu' | 'relu6',
): tf.TensorInfo {
  const at = backend.pointer(y);
  const parameters = [activations[name].code, at, at];
  runRange(backend, 'f32_activation', parameters, tf.util.sizeFromShape(y.shape));
  return y;
}

/** What tfjs's own takes: it looks at the shape that the memory was made with. */
function isRow(backend: AnyformerBackend, bias: tf.TensorInfo): boolean {
  return bias.shape.length === 1 && backend.dataIdMap.get(bias.dataId).shape.length === 1;
}

const activationKernels: Readonly<Record<string, string>> = {
  relu: tf.Relu,
  relu6: tf.Relu6,
  elu: tf.Elu,
  sigmoid: tf.Sigmoid,
  prelu: tf.Prelu,
  leakyrelu: tf.LeakyRelu,
};

function finishFused(
  steps: Intermediates,
  y: tf.TensorInfo,
  { bias, preluActivationWeights }: FusedInputs,
  { dataFormat, activation, leakyreluAlpha }: FusedAttributes,
): tf.TensorInfo {
  // One number a channel stands against the last axis, unless the channels come first.
  const perChannel = (z: tf.TensorInfo) =>
    dataFormat === 'NCHW' && z.shape.length === 1 && z.shape[0] !== 1
      ? steps.reshape(z, [z.shape[0]!, 1, 1])
      : z;
  const x = bias ? steps.run(tf.Add, { a: y, b: perChannel(bias) }) : y;
  if (activation === undefined || activation === 'linear') return x;
  const kernelName = activationKernels[activation]!;
  return activation === 'prelu'
    ? steps.run(kernelName, { x, alpha: perChannel(preluActivationWeights!) })
    : steps.run(kernelName, { x }, { alpha: leakyreluAlpha ?? 0 });
}

export const convolutionKernels = [
  conv2D,
  depthwiseConv2D,
  fused(tf.FusedConv2D, tf.Conv2D),
  fused(tf.FusedDepthwiseConv2D, tf.DepthwiseConv2dNative),
];
