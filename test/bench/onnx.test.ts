import { describe, expect, it } from 'vitest';
import { encodeModel, MICROSOFT, node } from './support/onnx.mjs';
import { openModel, openRepeatable, ort } from './support/ort.mjs';

const floats = (name: string, shape: (number | string)[], data?: number[]) => ({
  ...{ name, type: 'float32', shape },
  ...(data && { data: Float32Array.from(data) }),
});

describe('the ONNX models of the bench', () => {
  it('have the inputs, constants, nodes and attributes of every kind that they were given', async () => {
    const bytes = encodeModel({
      inputs: [floats('x', ['rows', 2])],
      outputs: [floats('y', [3, 'rows'])],
      initializers: [floats('w', [2, 3], [1, 2, 3, 4, 5, 6]), floats('b', [3], [0, 0, -20])],
      nodes: [
        node('MatMul', ['x', 'w'], ['xw']),
        node('Add', ['xw', 'b'], ['sum']),
        node('LeakyRelu', ['sum'], ['bent'], { alpha: { float: 0.5 } }),
        node('Softmax', ['bent'], ['unused'], { axis: -1 }),
        node('FusedMatMul', ['x', 'w'], ['scaled'], { alpha: { float: 2 } }, MICROSOFT),
        node('Add', ['bent', 'scaled'], ['both']),
        node('Transpose', ['both'], ['y'], { perm: [1, 0] }),
      ],
    });
    const session = await openModel(bytes);
    const { y } = await session.run({ x: new ort.Tensor('float32', [1, 0, 1, 1], [2, 2]) });
    expect(y!.dims).toEqual([3, 2]);
    expect(Array.from(y!.data as Float32Array)).toEqual([3, 15, 6, 21, -2.5, 12.5]);
    await session.release();
  });

  it('may be repeated in one call, with the same result', async () => {
    const graph = await openRepeatable({
      inputs: [floats('x', [2], [-1, 2])],
      outputs: [floats('y', [2])],
      nodes: [node('Relu', ['x'], ['y'])],
    });
    expect(await graph.result()).toEqual(Float32Array.of(0, 2));
    expect(await graph.many(3)).toEqual(Float32Array.of(0, 2));
    await graph.release();
  });
});
