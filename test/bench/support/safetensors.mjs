/** The tensors of float32 in the bytes of a model.safetensors: `{ shape, data }` by name. */
export function readFloats(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const begin = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, begin)));
  const floats = bytes.byteOffset + begin;
  const tensors = {};
  for (const [name, { shape, data_offsets: offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const [from, to] = offsets.map((offset) => floats + offset);
    tensors[name] = { shape, data: new Float32Array(bytes.buffer.slice(from, to)) };
  }
  return tensors;
}

/** A linear map's weight, saved (out, in), as (in, out). */
export function transposed({ shape: [rows, columns], data }) {
  const turned = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) turned[j * rows + i] = data[i * columns + j];
  }
  return { shape: [columns, rows], data: turned };
}
