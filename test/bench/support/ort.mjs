import * as ort from 'onnxruntime-web';
import { encodeModel, node } from './onnx.mjs';
import { threads } from './settings.mjs';

export const ortName = `onnxruntime-web ${ort.env.versions.web}`;

ort.env.wasm.numThreads = threads;
ort.env.logLevel = 'error';

export { ort };

const FLOAT_BYTES = 4;

/** Opens a model given as bytes, on WebAssembly and with the bench's number of threads. */
export function openModel(bytes) {
  return ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 3,
  });
}

const int64 = (value) => new ort.Tensor('int64', BigInt64Array.of(BigInt(value)), []);
const sizeOf = (shape) => shape.reduce((product, n) => product * n, 1);

/**
 * A graph that runs as often as one asks within one call, so that what a call costs besides (copies
 * of inputs and outputs, mostly) does not count: its nodes are the body of an ONNX Loop.
 *
 * @param graph as for `encodeModel`, with inputs that have `data`; one output of known shape.
 * @returns `many(n)` for `alternate`; `result()`, the values of the output; `release()`.
 */
export async function openRepeatable(graph) {
  const session = await openModel(encodeModel(inLoop(graph)));
  const feeds = Object.fromEntries(
    graph.inputs.map(({ name, type, shape, data }) => [name, new ort.Tensor(type, data, shape)]),
  );
  const run = async (times) => {
    const { last } = await session.run({ ...feeds, times: int64(times) });
    return last.data;
  };
  return { many: run, result: () => run(1), release: () => session.release() };
}

function inLoop({ inputs, outputs: [output], nodes, initializers = [] }) {
  const scalar = (name, type) => ({ name, type, shape: [] });
  const body = {
    nodes: [...nodes, node('Identity', ['go'], ['goOn'])],
    inputs: [scalar('turn', 'int64'), scalar('go', 'bool'), { ...output, name: 'before' }],
    outputs: [scalar('goOn', 'bool'), output],
  };
  const bytes = new Uint8Array(FLOAT_BYTES * sizeOf(output.shape));
  return {
    inputs: [scalar('times', 'int64'), ...inputs],
    outputs: [{ ...output, name: 'last' }],
    initializers: [
      ...initializers,
      { ...scalar('yes', 'bool'), data: Uint8Array.of(1) },
      { ...output, name: 'zeros', data: bytes },
    ],
    nodes: [node('Loop', ['times', 'yes', 'zeros'], ['last'], { body: { graph: body } })],
  };
}
