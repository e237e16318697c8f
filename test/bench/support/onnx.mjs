/**
 * Writes ONNX models: protocol buffers by the field numbers of onnx.proto3, as much of it as the
 * bench needs. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3
 */

const ELEMENT_TYPES = { float32: 1, int32: 6, int64: 7, bool: 9 };
const IR_VERSION = 9;
const OPSET = 17;
/** Where onnxruntime's own operators are. */
export const MICROSOFT = 'com.microsoft';

/**
 * A node of a graph.
 *
 * @param attributes integers, lists of them, floats as `{ float }` and graphs as `{ graph }`.
 */
export function node(op, inputs, outputs, attributes = {}, domain = '') {
  return { op, inputs, outputs, attributes, domain };
}

/**
 * A model as the bytes of an .onnx file.
 *
 * @param graph `inputs` and `outputs` of `{ name, type, shape }`, an unknown extent by a name;
 *   `initializers` of `{ name, type, shape, data }`, data as a typed array; `nodes`.
 */
export function encodeModel(graph) {
  return message([
    [1, integer(IR_VERSION)],
    [2, text('anyformer bench')],
    [7, encodeGraph(graph)],
    [8, message([[2, integer(OPSET)]])],
    [
      8,
      message([
        [1, text(MICROSOFT)],
        [2, integer(1)],
      ]),
    ],
  ]);
}

function encodeGraph({ nodes, initializers = [], inputs, outputs }) {
  return message([
    ...nodes.map((x) => [1, encodeNode(x)]),
    [2, text('graph')],
    ...initializers.map((x) => [5, encodeTensor(x)]),
    ...inputs.map((x) => [11, encodeValue(x)]),
    ...outputs.map((x) => [12, encodeValue(x)]),
  ]);
}

function encodeNode({ op, inputs, outputs, attributes, domain }) {
  return message([
    ...inputs.map((name) => [1, text(name)]),
    ...outputs.map((name) => [2, text(name)]),
    [3, text(outputs[0])],
    [4, text(op)],
    ...Object.entries(attributes).map(([name, value]) => [5, encodeAttribute(name, value)]),
    [7, text(domain)],
  ]);
}

function encodeAttribute(name, value) {
  const typed = (type, ...fields) => message([[1, text(name)], ...fields, [20, integer(type)]]);
  if (Array.isArray(value)) return typed(7, ...value.map((n) => [8, integer(n)]));
  if (typeof value === 'number') return typed(2, [3, integer(value)]);
  if (value.graph) return typed(5, [6, encodeGraph(value.graph)]);
  return typed(1, [2, float(value.float)]);
}

function encodeTensor({ name, type, shape, data }) {
  return message([
    ...shape.map((n) => [1, integer(n)]),
    [2, integer(ELEMENT_TYPES[type])],
    [8, text(name)],
    [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
  ]);
}

function encodeValue({ name, type, shape }) {
  const dimensions = shape.map((extent) => [
    1,
    message([typeof extent === 'string' ? [2, text(extent)] : [1, integer(extent)]]),
  ]);
  const tensorType = message([
    [1, integer(ELEMENT_TYPES[type])],
    [2, message(dimensions)],
  ]);
  return message([
    [1, text(name)],
    [2, message([[1, tensorType]])],
  ]);
}

/** The values of fields: numbers of the varint kind, of the 32-bit kind, and bytes. */
const integer = (value) => ({ varint: value });
const float = (value) => ({ float: value });
const text = (value) => new TextEncoder().encode(value);

/** The bytes of a message of [field number, value]. */
function message(fields) {
  const parts = fields.flatMap(([number, value]) => {
    if (value.varint !== undefined) return [varint(number << 3), varint(value.varint)];
    if (value.float !== undefined) {
      return [varint((number << 3) | 5), new Uint8Array(Float32Array.of(value.float).buffer)];
    }
    return [varint((number << 3) | 2), varint(value.length), value];
  });
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Seven bits a byte, the lowest first; negative numbers as 64 bits of two's complement. */
function varint(value) {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
