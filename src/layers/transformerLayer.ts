import * as v from 'valibot';
import { fraction, positiveInteger, positiveNumber } from '../core/options.ts';
import type { ActivationName } from '../kernels/activationName.ts';
import {
  activationEntry,
  BaseLayer,
  type BaseLayerArgs,
  initializerEntry,
  type LinearInitializers,
  layerSchema,
} from './baseLayer.ts';
import type {
  AttentionBlockWeights,
  AttentionWeights,
  FeedForwardBlockWeights,
} from './blockWeights.ts';
import { headWidth } from './headCount.ts';
import { type InitializerOption, initializerConfig } from './weightInitializer.ts';

/** The options of TransformerEncoder and TransformerDecoder. */
export interface TransformerLayerArgs extends BaseLayerArgs {
  /** Width of the feed-forward part, F. */
  intermediateDim: number;
  /** Number of attention heads; must divide the input's width. */
  numHeads: number;
  /** Rate for the attention probabilities and for the output of each part. Default: 0. */
  dropout?: number;
  /** Activation between the two linear maps. Default: 'relu'. */
  activation?: ActivationName;
  /** Added to the variance in the layer norms. Default: 1e-5. */
  layerNormEpsilon?: number;
  /** Default: 'glorotUniform'. */
  kernelInitializer?: InitializerOption;
  /** Default: 'zeros'. */
  biasInitializer?: InitializerOption;
  /** Layer norm before each part rather than after its sum. Default: false. */
  normalizeFirst?: boolean;
}

export const transformerLayerSchema = layerSchema({
  intermediateDim: positiveInteger,
  numHeads: positiveInteger,
  dropout: v.optional(fraction, 0),
  activation: activationEntry('relu'),
  layerNormEpsilon: v.optional(positiveNumber, 1e-5),
  kernelInitializer: initializerEntry('glorotUniform'),
  biasInitializer: initializerEntry('zeros'),
  normalizeFirst: v.optional(v.boolean('true or false'), false),
});

/** What the blocks of encoder and decoder share: their options and how their weights are made. */
export abstract class TransformerLayer extends BaseLayer {
  constructor(protected readonly options: v.InferOutput<typeof transformerLayerSchema>) {
    super(options as BaseLayerArgs);
  }

  override getConfig() {
    const { intermediateDim, numHeads, dropout, activation, layerNormEpsilon, normalizeFirst } =
      this.options;
    return {
      ...super.getConfig(),
      intermediateDim,
      numHeads,
      dropout,
      activation,
      layerNormEpsilon,
      kernelInitializer: initializerConfig(this.options.kernelInitializer),
      biasInitializer: initializerConfig(this.options.biasInitializer),
      normalizeFirst,
    };
  }

  /** The options as the block functions take them. */
  protected get blockOptions() {
    const { numHeads, dropout, activation, layerNormEpsilon, normalizeFirst } = this.options;
    const hiddenDropout = dropout;
    return {
      numHeads,
      dropout,
      hiddenDropout,
      activation,
      epsilon: layerNormEpsilon,
      normalizeFirst,
    };
  }

  /** @param sourceWidth width of what is attended to. */
  protected addAttentionBlock(
    name: string,
    width: number,
    sourceWidth: number,
  ): AttentionBlockWeights {
    const { numHeads } = this.options;
    headWidth(width, numHeads, { width: 'input width', heads: 'numHeads' });
    const linear = (part: keyof AttentionWeights, from: number) =>
      this.addLinear(`${name}/${part}`, [from, width], this.options as LinearInitializers);
    return {
      attention: {
        query: linear('query', width),
        key: linear('key', sourceWidth),
        value: linear('value', sourceWidth),
        output: linear('output', width),
      },
      norm: this.addNorm(`${name}_layer_norm`, width),
    };
  }

  protected addFeedForwardBlock(width: number): FeedForwardBlockWeights {
    const { intermediateDim } = this.options;
    const initializers = this.options as LinearInitializers;
    return {
      intermediate: this.addLinear(
        'feedforward_intermediate',
        [width, intermediateDim],
        initializers,
      ),
      output: this.addLinear('feedforward_output', [intermediateDim, width], initializers),
      norm: this.addNorm('feedforward_layer_norm', width),
    };
  }
}
