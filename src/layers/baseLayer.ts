import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import * as v from 'valibot';
import { AnyformerError, show } from '../core/errors.ts';
import { integer, parseOptions } from '../core/options.ts';
import { SeedStream } from '../core/random.ts';
import { activationNamed } from '../kernels/activationName.ts';
import type { LayerNormWeights, LinearWeights } from './blockWeights.ts';
import type { ForwardContext } from './forwardContext.ts';
import { hashName, type InitializerOption, weightInitializer } from './weightInitializer.ts';

type LayerArgs = NonNullable<ConstructorParameters<typeof tfl.layers.Layer>[0]>;
type Shape = tfl.Shape;

/** Options of every layer here: those of tfjs-layers, and a seed. */
export interface BaseLayerArgs extends LayerArgs {
  /**
   * Seeds the initial weights and the dropout of `fit`. Default: a number made from the layer's
   * name, so that a program that builds the same layers gets the same numbers.
   */
  seed?: number;
}

/** What `call` and `apply` take beside the inputs. */
export interface LayerCallOptions {
  /** Whether dropout acts. Default: false. */
  readonly training?: boolean;
  /** Seeds for dropout. Default: a stream of the layer's own, made from its `seed`. */
  readonly seeds?: SeedStream;
  /** (B, T), nonzero = a real token. Any other shape is an error. */
  readonly paddingMask?: tf.Tensor | undefined;
  /**
   * The mask as tfjs-layers hands it on (`embedding({ maskZero: true })`). tfjs-layers hands the
   * last mask on even past layers that changed the sequence, so one of another shape is not ours.
   */
  readonly mask?: tf.Tensor | tf.Tensor[] | null;
}

const anything = <T>() => v.optional(v.custom<T>((x) => x !== null));

/** The schema entries of {@link BaseLayerArgs}, checked further by tfjs-layers itself. */
const baseEntries = {
  name: v.optional(v.string('a text')),
  trainable: v.optional(v.boolean('true or false')),
  inputShape: anything<Shape>(),
  batchInputShape: anything<Shape>(),
  batchSize: anything<number>(),
  dtype: anything<tf.DataType>(),
  inputDType: anything<tf.DataType>(),
  weights: anything<tf.Tensor[]>(),
  seed: v.optional(integer),
};

/** The options schema of a layer: its own entries and those of every layer. */
export function layerSchema<E extends v.ObjectEntries>(entries: E) {
  return v.strictObject({ ...baseEntries, ...entries });
}

/**
 * Checks the options of a layer, given by a user or read from a saved model.
 * @throws AnyformerError `UNKNOWN_OPTION` or `INVALID_ARGUMENT`.
 */
export function parseLayerArgs<S extends Parameters<typeof parseOptions>[1]>(
  layer: string,
  schema: S,
  args: object | undefined,
): v.InferOutput<S> {
  // A saved model has null for what was not given, and tfjs-layers adds its custom objects.
  const given = Object.entries(args ?? {}).filter(
    ([name, value]) => value !== null && name !== 'customObjects',
  );
  return parseOptions(layer, schema, Object.fromEntries(given));
}

/** An initializer, by name, as an object or serialized. */
export const initializerEntry = (fallback: string) =>
  v.optional(
    v.custom<InitializerOption>(
      (x) => typeof x === 'string' || typeof x === 'object',
      'an initializer',
    ),
    fallback,
  );

/** An activation by name. tfjs-layers saves `gelu_new` and loads it as `geluNew`: both are taken. */
export const activationEntry = (fallback: string) =>
  v.optional(
    v.pipe(
      v.string('the name of an activation'),
      v.transform((name) =>
        activationNamed(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
      ),
    ),
    fallback,
  );

/** The options that the linear maps of a layer are made with. */
export interface LinearInitializers {
  readonly kernelInitializer: InitializerOption;
  readonly biasInitializer: InitializerOption;
  readonly useBias?: boolean;
}

/** What the layers of this folder share: seeded weights and dropout, and masks. */
export abstract class BaseLayer extends tfl.layers.Layer {
  readonly #args: BaseLayerArgs;
  readonly #seed: number;
  readonly #seeds: SeedStream;

  constructor(args: BaseLayerArgs) {
    super(args);
    this.#args = args;
    this.#seed = args.seed ?? hashName(this.name);
    this.#seeds = new SeedStream(this.#seed);
    this.supportsMasking = true;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    return shapesOf(inputShape)[0]!;
  }

  /** The mask passes through, with the tensor where tfjs-layers does not hand it on. */
  override computeMask(
    inputs: tf.Tensor | tf.Tensor[],
    mask?: tf.Tensor | tf.Tensor[],
  ): tf.Tensor | tf.Tensor[] {
    const handedOn = firstOf(mask);
    if (handedOn) return handedOn;
    const ofInput = firstOf(inputs)?.kerasMask;
    // A tensor that is disposed takes its mask along, so no two may have the same.
    return ofInput ? tf.clone(ofInput) : NO_MASK;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { seed } = this.#args;
    return { ...super.getConfig(), ...(seed !== undefined && { seed }) };
  }

  /**
   * Adds a trainable float weight; its values depend on the seed and on its name. tfjs-layers
   * keeps one variable for life and assigns to it, so it need not be read anew in each call.
   */
  protected add<R extends tf.Rank>(
    name: string,
    shape: number[],
    initializer: InitializerOption,
  ): tf.Tensor<R> {
    const seeded = weightInitializer(initializer, name, this.#seed);
    return this.addWeight(name, shape, 'float32', seeded).read() as tf.Tensor<R>;
  }

  /** Adds the kernel (in, out) and the bias of a linear map. */
  protected addLinear(
    name: string,
    [inputs, outputs]: readonly [number, number],
    { kernelInitializer, biasInitializer, useBias = true }: LinearInitializers,
  ): LinearWeights {
    const kernel = this.add<tf.Rank.R2>(`${name}/kernel`, [inputs, outputs], kernelInitializer);
    if (!useBias) return { kernel };
    return { kernel, bias: this.add<tf.Rank.R1>(`${name}/bias`, [outputs], biasInitializer) };
  }

  /** Adds gamma and beta of a layer norm. */
  protected addNorm(name: string, width: number): LayerNormWeights {
    return {
      gamma: this.add<tf.Rank.R1>(`${name}/gamma`, [width], 'ones'),
      beta: this.add<tf.Rank.R1>(`${name}/beta`, [width], 'zeros'),
    };
  }

  protected forwardContext({ training, seeds }: LayerCallOptions): ForwardContext {
    return { training: training ?? false, seeds: seeds ?? this.#seeds };
  }

  /** The (B, T) mask that goes with x, or undefined when every position is real. */
  protected maskOf(x: tf.Tensor, { paddingMask, mask }: LayerCallOptions): tf.Tensor2D | undefined {
    if (paddingMask) return this.checkMask('paddingMask', paddingMask, x);
    const handedOn = firstOf(mask);
    if (handedOn && fits(handedOn, x)) return handedOn as tf.Tensor2D;
    return x.kerasMask && fits(x.kerasMask, x) ? (x.kerasMask as tf.Tensor2D) : undefined;
  }

  /** @throws AnyformerError `INVALID_ARGUMENT` unless the mask is (B, T) for x. */
  protected checkMask(option: string, mask: tf.Tensor, x: tf.Tensor): tf.Tensor2D {
    if (fits(mask, x)) return mask as tf.Tensor2D;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${this.name}: ${option} must have the shape (${x.shape.slice(0, 2).join(', ')}) of its ` +
        `sequence, received (${mask.shape.join(', ')}).`,
    );
  }

  /** @throws AnyformerError `INVALID_ARGUMENT` unless the shape is (B, T, D) with D known. */
  protected widthOf(shape: Shape): number {
    if (shape.length === 3) return this.lastAxisOf(shape);
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${this.name} takes a sequence of vectors (batch, steps, width), received the shape ` +
        `(${shape.join(', ')}); put an embedding before it.`,
    );
  }

  /** @throws AnyformerError `INVALID_ARGUMENT` when the size of the last axis is not known. */
  protected lastAxisOf(inputShape: Shape | Shape[]): number {
    const shape = shapesOf(inputShape)[0]!;
    const width = shape.at(-1);
    if (typeof width === 'number') return width;
    throw new AnyformerError(
      'INVALID_ARGUMENT',
      `${this.name} must know the size of the last axis, received the shape ${show(shape)}; ` +
        'give inputShape with it.',
    );
  }
}

/** What tfjs-layers takes for "every position is real", though its types do not say so. */
export const NO_MASK = null as unknown as tf.Tensor;

/** One shape or several, as several. */
export function shapesOf(shape: Shape | Shape[]): Shape[] {
  return Array.isArray(shape[0]) ? (shape as Shape[]) : [shape as Shape];
}

/** One tensor or several, as several. */
export function tensorsOf(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor[] {
  return Array.isArray(inputs) ? inputs : [inputs];
}

function firstOf(tensors: tf.Tensor | tf.Tensor[] | null | undefined): tf.Tensor | undefined {
  return (Array.isArray(tensors) ? tensors[0] : tensors) ?? undefined;
}

function fits(mask: tf.Tensor, x: tf.Tensor): boolean {
  return mask.rank === 2 && mask.shape[0] === x.shape[0] && mask.shape[1] === x.shape[1];
}
