import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Random, SeedStream } from '../../src/core/random.ts';
import { createEngine } from '../../src/kernels/createEngine.ts';
import type { BaseLayer } from '../../src/layers/baseLayer.ts';
import { fusedLayerNormalization } from '../../src/layers/fusedLayerNormalization.ts';
import { maskedGlobalAveragePooling1D } from '../../src/layers/maskedGlobalAveragePooling1D.ts';
import { maskedGlobalMaxPooling1D } from '../../src/layers/maskedGlobalMaxPooling1D.ts';
import { multiHeadAttention } from '../../src/layers/multiHeadAttention.ts';
import { registerLayers } from '../../src/layers/registerLayers.ts';
import { rmsNormalization } from '../../src/layers/rmsNormalization.ts';
import { rotaryEmbedding } from '../../src/layers/rotaryEmbedding.ts';
import { sinePositionEncoding } from '../../src/layers/sinePositionEncoding.ts';
import { tokenAndPositionEmbedding } from '../../src/layers/tokenAndPositionEmbedding.ts';
import { transformerDecoder } from '../../src/layers/transformerDecoder.ts';
import { transformerEncoder } from '../../src/layers/transformerEncoder.ts';

/** One row of the suite that every layer passes. */
interface Row {
  readonly name: string;
  readonly make: () => BaseLayer;
  /** Shapes of the inputs, floats from -1 to 1 unless `ids` is given. */
  readonly inputs: readonly (readonly number[])[];
  /** The input is ids below this number. */
  readonly ids?: number;
  readonly dropout?: boolean;
  /** The output depends on the shape of the input alone. */
  readonly constant?: boolean;
  /** How the layer takes masks, and what it gives; layers with neither are pointwise in time. */
  readonly masks?: 'sequence' | 'pooled';
}

const seed = 3;
// A smooth activation: finite differences across the kink of relu mean nothing.
const block = { intermediateDim: 7, numHeads: 2, activation: 'gelu', seed } as const;

const rows: Row[] = [
  {
    name: 'FusedLayerNormalization',
    make: () => fusedLayerNormalization({ seed }),
    inputs: [[2, 3, 5]],
  },
  {
    name: 'MaskedGlobalAveragePooling1D',
    make: () => maskedGlobalAveragePooling1D({ seed }),
    inputs: [[2, 5, 3]],
    masks: 'pooled',
  },
  {
    name: 'MaskedGlobalMaxPooling1D',
    make: () => maskedGlobalMaxPooling1D({ seed }),
    inputs: [[2, 5, 3]],
    masks: 'pooled',
  },
  {
    name: 'MultiHeadAttention',
    make: () => multiHeadAttention({ numHeads: 2, keyDim: 3, dropout: 0.3, seed }),
    inputs: [[2, 5, 4]],
    dropout: true,
    masks: 'sequence',
  },
  {
    name: 'MultiHeadAttention to another sequence, grouped, wider values, no bias, causal',
    make: () =>
      multiHeadAttention({
        numHeads: 4,
        numKeyValueHeads: 2,
        keyDim: 3,
        valueDim: 5,
        useBias: false,
        useCausalMask: true,
        seed,
      }),
    inputs: [
      [2, 4, 6],
      [2, 4, 5],
    ],
  },
  {
    name: 'MultiHeadAttention that returns its scores',
    make: () => multiHeadAttention({ numHeads: 2, keyDim: 3, returnAttentionScores: true, seed }),
    inputs: [
      [2, 3, 4],
      [2, 5, 4],
    ],
  },
  { name: 'RMSNormalization', make: () => rmsNormalization({ seed }), inputs: [[2, 3, 5]] },
  { name: 'RotaryEmbedding', make: () => rotaryEmbedding({ seed }), inputs: [[2, 3, 2, 4]] },
  {
    name: 'RotaryEmbedding, interleaved',
    make: () => rotaryEmbedding({ interleaved: true, scalingFactor: 2, maxWavelength: 100, seed }),
    inputs: [[2, 3, 6]],
  },
  {
    name: 'SinePositionEncoding',
    make: () => sinePositionEncoding({ seed }),
    inputs: [[2, 3, 5]],
    constant: true,
  },
  {
    name: 'TokenAndPositionEmbedding',
    make: () =>
      tokenAndPositionEmbedding({
        vocabularySize: 9,
        sequenceLength: 6,
        embeddingDim: 4,
        maskZero: true,
        seed,
      }),
    inputs: [[2, 5]],
    ids: 9,
  },
  {
    name: 'TransformerDecoder',
    make: () => transformerDecoder({ ...block, dropout: 0.2 }),
    inputs: [[2, 5, 4]],
    dropout: true,
    masks: 'sequence',
  },
  {
    name: 'TransformerDecoder with an encoder',
    make: () => transformerDecoder({ ...block, dropout: 0.2, normalizeFirst: true }),
    inputs: [
      [2, 5, 4],
      [2, 3, 6],
    ],
    dropout: true,
    masks: 'sequence',
  },
  {
    name: 'TransformerEncoder',
    make: () => transformerEncoder({ ...block, dropout: 0.2 }),
    inputs: [[2, 5, 4]],
    dropout: true,
    masks: 'sequence',
  },
  {
    name: 'TransformerEncoder, normalized first',
    make: () =>
      transformerEncoder({ ...block, activation: 'gelu_new', dropout: 0.2, normalizeFirst: true }),
    inputs: [[2, 5, 4]],
    dropout: true,
    masks: 'sequence',
  },
];

function randomTensor(shape: readonly number[], random: Random, ids?: number): tf.Tensor {
  const size = shape.reduce((product, n) => product * n, 1);
  if (ids !== undefined) {
    return tf.tensor(
      Int32Array.from({ length: size }, () => random.below(ids)),
      [...shape],
      'int32',
    );
  }
  return tf.tensor(
    Float32Array.from({ length: size }, () => 2 * random.uniform() - 1),
    [...shape],
  );
}

function makeInputs({ inputs, ids }: Row, seedOfInputs = 1): tf.Tensor[] {
  const random = new Random(seedOfInputs);
  return inputs.map((shape) => randomTensor(shape, random, ids));
}

function apply(layer: BaseLayer, inputs: tf.Tensor[], options: object = {}): tf.Tensor[] {
  const output = layer.apply(inputs.length === 1 ? inputs[0]! : inputs, options);
  return (Array.isArray(output) ? output : [output]) as tf.Tensor[];
}

/** All values of the outputs, in a row. */
function run(layer: BaseLayer, inputs: tf.Tensor[], options: object = {}): Float32Array {
  return tf.tidy(() => {
    const flat = apply(layer, inputs, options).map((x) => tf.reshape(x, [-1]));
    return tf.concat(flat).dataSync().slice() as Float32Array;
  });
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= tolerance * (1 + Math.abs(expected[i]!)))) {
      expect.fail(`value ${i}: ${actual[i]} is not ${expected[i]}`);
    }
  }
}

/** Moves weights away from their start, so that zeros and ones hide nothing. */
function shakeWeights(layer: BaseLayer): void {
  tf.tidy(() => {
    const random = new Random(11);
    layer.setWeights(
      layer.getWeights().map((w) => tf.add(w, tf.mul(0.3, randomTensor(w.shape, random)))),
    );
  });
}

function shapesOf(shape: tfl.Shape | tfl.Shape[]): tfl.Shape[] {
  return Array.isArray(shape[0]) ? (shape as tfl.Shape[]) : [shape as tfl.Shape];
}

beforeAll(async () => {
  await createEngine();
  registerLayers();
});

describe.each(rows)('$name', (row) => {
  it('gives the shape that computeOutputShape tells', () => {
    tf.tidy(() => {
      const inputs = makeInputs(row);
      const layer = row.make();
      const outputs = apply(layer, inputs);
      const shapes = inputs.map((x) => x.shape);
      const told = shapesOf(layer.computeOutputShape(shapes.length === 1 ? shapes[0]! : shapes));
      expect(outputs.map((x) => x.shape)).toEqual(told);
      layer.dispose();
    });
  });

  it('is the same layer after its config went through JSON', () => {
    const inputs = makeInputs(row);
    const layer = row.make();
    const expected = run(layer, inputs);
    const config = JSON.parse(JSON.stringify(layer.getConfig()));
    const kind = layer.constructor as unknown as {
      fromConfig(kind: unknown, config: object): BaseLayer;
    };
    const again = kind.fromConfig(kind, config);
    expect(run(again, inputs)).toEqual(expected);
    expect(again.getConfig()).toEqual(layer.getConfig());
    layer.dispose();
    again.dispose();
    tf.dispose(inputs);
  });

  it('is saved and loaded with a tfjs-layers model', async () => {
    const inputs = makeInputs(row);
    const layer = row.make();
    const dtype = row.ids === undefined ? 'float32' : 'int32';
    const symbols = row.inputs.map((shape) => tfl.input({ shape: shape.slice(1), dtype }));
    const outputs = layer.apply(symbols.length === 1 ? symbols[0]! : symbols);
    const model = tfl.model({ inputs: symbols, outputs: outputs as tfl.SymbolicTensor });
    shakeWeights(layer);
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = JSON.parse(JSON.stringify({ ...artifacts, weightData: undefined }));
        saved!.weightData = artifacts.weightData!;
        return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tfl.loadLayersModel(tf.io.fromMemory(saved!));
    const predict = (m: tfl.LayersModel) =>
      tf.tidy(() => {
        const result = m.predict(inputs.length === 1 ? inputs[0]! : inputs);
        return [result].flat().map((x) => x.dataSync().slice());
      });
    expect(predict(loaded)).toEqual(predict(model));
    model.dispose();
    loaded.dispose();
    tf.dispose(inputs);
  });

  it('has gradients for every weight and input that agree with finite differences', () => {
    const inputs = makeInputs(row);
    const layer = row.make();
    run(layer, inputs);
    shakeWeights(layer);
    const factors = tf.tidy(() =>
      apply(layer, inputs).map((x) => randomTensor(x.shape, new Random(5))),
    );
    const loss = () =>
      tf.tidy(() => {
        const terms = apply(layer, inputs, { training: true, seeds: new SeedStream(2) });
        // The scores come beside the output and carry no gradient.
        return tf.sum(tf.mul(terms[0]!, factors[0]!)) as tf.Scalar;
      });
    const variables = layer.trainableWeights.map((w) => w.read() as tf.Variable);
    if (variables.length > 0) {
      const { value, grads } = tf.variableGrads(loss, variables);
      for (const variable of variables) {
        expectSlopes(variable.dataSync() as Float32Array, grads[variable.name]!, (values) => {
          tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
          return tf.tidy(() => loss().dataSync()[0]!);
        });
      }
      tf.dispose([value, grads]);
    }
    if (row.ids === undefined && !row.constant) {
      inputs.forEach((input, i) => {
        const slope = tf.tidy(() =>
          tf.grad((x) => {
            const given = inputs.with(i, x);
            return tf.sum(
              tf.mul(
                apply(layer, given, { training: true, seeds: new SeedStream(2) })[0]!,
                factors[0]!,
              ),
            );
          })(input),
        );
        expectSlopes(input.dataSync() as Float32Array, slope, (values) =>
          tf.tidy(() => {
            const given = inputs.with(i, tf.tensor(values, input.shape));
            const [y] = apply(layer, given, { training: true, seeds: new SeedStream(2) });
            return tf.sum(tf.mul(y!, factors[0]!)).dataSync()[0]!;
          }),
        );
        slope.dispose();
      });
    }
    layer.dispose();
    tf.dispose([inputs, factors]);
  });

  if (row.masks)
    it('keeps padding away from real tokens', () => {
      const layer = row.make();
      const inputs = makeInputs(row);
      const other = makeInputs(row, 2);
      const [batch, steps] = row.inputs[0]! as [number, number];
      // The second sequence has two real tokens.
      const real = Array.from({ length: batch }, (_, b) => (b === 0 ? steps : 2));
      const mask = tf.tensor2d(
        real.map((n) => Array.from({ length: steps }, (_, t) => Number(t < n))),
        [batch, steps],
        'int32',
      );
      const keep = tf.expandDims(mask, -1);
      const changed = inputs.with(
        0,
        tf.where(tf.broadcastTo(tf.cast(keep, 'bool'), other[0]!.shape), inputs[0]!, other[0]!),
      );
      const realOnly = (x: tf.Tensor[], options: object) =>
        tf.tidy(() => {
          const y = apply(layer, x, options)[0]!;
          const shown =
            row.masks === 'pooled'
              ? y
              : tf.where(tf.broadcastTo(tf.cast(keep, 'bool'), y.shape), y, tf.zerosLike(y));
          return shown.dataSync().slice();
        });
      const expected = realOnly(inputs, { paddingMask: mask });
      expect(realOnly(changed, { paddingMask: mask })).toEqual(expected);
      expect(realOnly(inputs, { mask })).toEqual(expected);
      expect(realOnly(inputs, { mask: tf.cast(mask, 'bool') })).toEqual(expected);
      // And the padding would show if it were not for the mask (a decoder is causal besides).
      if (!row.name.includes('Decoder'))
        expect(realOnly(changed, {})).not.toEqual(realOnly(inputs, {}));
      expect(() => apply(layer, inputs, { paddingMask: tf.zeros([batch, steps + 1]) })).toThrow(
        /paddingMask must have the shape/,
      );
      layer.dispose();
    });

  it('gives the same twice outside of training', () => {
    const layer = row.make();
    const inputs = makeInputs(row);
    const expected = run(layer, inputs);
    expect(run(layer, inputs, { training: false })).toEqual(expected);
    expect(expected.every(Number.isFinite)).toBe(true);
    layer.dispose();
    tf.dispose(inputs);
  });

  if (row.dropout)
    it('drops out by the seed alone', () => {
      const [layer, twin] = [row.make(), row.make()];
      const inputs = makeInputs(row);
      const train = (seeds?: SeedStream) => run(layer, inputs, { training: true, seeds });
      const plain = run(layer, inputs);
      expect(train(new SeedStream(7))).toEqual(train(new SeedStream(7)));
      expect(train(new SeedStream(7))).not.toEqual(train(new SeedStream(8)));
      expect(train(new SeedStream(7))).not.toEqual(plain);
      // Without seeds the layer draws from its own, which goes on from call to call.
      const first = train();
      expect(train()).not.toEqual(first);
      expect(run(twin, inputs, { training: true })).toEqual(first);
      layer.dispose();
      twin.dispose();
      tf.dispose(inputs);
    });

  it('frees all it took', () => {
    const start = tf.memory().numTensors;
    const inputs = makeInputs(row);
    const layer = row.make();
    run(layer, inputs);
    run(layer, inputs, { training: true });
    layer.dispose();
    tf.dispose(inputs);
    expect(tf.memory().numTensors).toBe(start);
  });

  it('refuses an unknown option by name', () => {
    const layer = row.make();
    const kind = layer.constructor as unknown as new (args: object) => BaseLayer;
    expect(() => new kind({ ...layer.getConfig(), nonsense: 1 })).toThrow(
      /unknown option 'nonsense'; known are .*seed/,
    );
  });
});

/** Compares some elements of a gradient with (f(x + e) - f(x - e)) / 2e. */
function expectSlopes(
  start: Float32Array,
  gradient: tf.Tensor,
  lossAt: (values: Float32Array) => number,
): void {
  // The variable's own storage may be written to.
  const values = start.slice();
  const slopes = gradient.dataSync();
  expect(slopes.length).toBe(values.length);
  const step = 1e-2;
  const stride = Math.max(1, Math.floor(values.length / 7));
  for (let i = 0; i < values.length; i += stride) {
    const at = (change: number) => lossAt(values.with(i, values[i]! + change));
    // Fourth order: the error of the plain quotient would hide wrong gradients.
    const slope = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    expectClose([slopes[i]!], [slope], 5e-3);
  }
  lossAt(values);
}
