import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnyformerError } from '../../src/core/errors.ts';
import {
  bytesPerElement,
  readSafetensors,
  type SafeTensor,
  type SafeTensorDtype,
  writeSafetensors,
} from '../../src/formats/safetensors.ts';
import { float32Tensor } from '../../src/formats/tensorData.ts';
import { sharedDataOrSay } from '../support/sharedData.ts';

/** A file with this header text and so many bytes of data. */
function fileOf(header: string | Uint8Array, dataBytes = 0, claimedLength?: bigint): Uint8Array {
  const json = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimedLength ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}

function errorOf(bytes: Uint8Array): AnyformerError {
  try {
    readSafetensors(bytes, 'model.safetensors');
  } catch (error) {
    if (error instanceof AnyformerError) return error;
    throw error;
  }
  throw new Error('the file was accepted');
}

const entry = (shape: unknown, offsets: unknown, dtype: unknown = 'F32') =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('readSafetensors refuses by name and reason', () => {
  const a = entry([1], [0, 4]);
  const cases: [string, Uint8Array, RegExp][] = [
    ['an empty file', new Uint8Array(0), /0 bytes, fewer than the 8/],
    ['a file of 7 bytes', new Uint8Array(7), /7 bytes, fewer than the 8/],
    ['a header above the limit', fileOf('{}', 0, 100_000_001n), /limit of 100000000/],
    ['a header length near 2^64', fileOf('{}', 0, 2n ** 64n - 1n), /18446744073709551615/],
    ['a header longer than the file', fileOf('{}', 0, 3n), /claims 3 bytes, the file has 10/],
    ['an empty header', fileOf(''), /does not begin with '\{'/],
    ['a header behind white space', fileOf(' {}'), /does not begin with '\{'/],
    ['a header that is no JSON', fileOf('{"a":'), /is not JSON/],
    ['a header that is no UTF-8', fileOf(Uint8Array.of(0x7b, 0xff, 0x7d)), /is not UTF-8/],
    ['a name that stands twice', fileOf(`{"a":${a},"a":${a}}`, 4), /the key 'a' twice/],
    ['an escaped name that stands twice', fileOf(`{"a":${a},"\\u0061":${a}}`, 4), /'a' twice/],
    ['a dtype that stands twice', fileOf(`{"a":{"dtype":"I8",${a.slice(1)}}`, 4), /'dtype' twice/],
    ['metadata that is no object', fileOf('{"__metadata__":[]}'), /__metadata__ must be/],
    ['metadata that is no text', fileOf('{"__metadata__":{"x":1}}'), /__metadata__\.x must be/],
    ['a tensor that is no object', fileOf('{"a":3}'), /tensor 'a' must be an object, received 3/],
    ['an unknown dtype', fileOf(`{"a":${entry([1], [0, 4], 'Q4')}}`, 4), /dtype 'Q4'; known are/],
    ['an inherited dtype', fileOf(`{"a":${entry([1], [0, 4], 'toString')}}`, 4), /'toString'/],
    ['a missing dtype', fileOf('{"a":{"shape":[],"data_offsets":[0,4]}}', 4), /dtype undefined/],
    ['a negative size', fileOf(`{"a":${entry([-1], [0, 4])}}`, 4), /shape \[-1\]/],
    ['a fraction as size', fileOf(`{"a":${entry([0.5], [0, 2])}}`, 2), /shape \[0\.5\]/],
    ['a size as text', fileOf(`{"a":${entry(['1'], [0, 4])}}`, 4), /shape \['1'\]/],
    ['a huge size', fileOf(`{"a":${entry([2 ** 60], [0, 4])}}`, 4), /not non-negative integers/],
    ['sizes that overflow', fileOf(`{"a":${entry([2 ** 50, 2 ** 50], [0, 4])}}`, 4), /needs/],
    ['one offset', fileOf(`{"a":${entry([1], [0])}}`, 4), /not two/],
    ['a negative offset', fileOf(`{"a":${entry([1], [-4, 0])}}`, 4), /not two non-negative/],
    ['an end before the start', fileOf(`{"a":${entry([1], [4, 0])}}`, 4), /before its start/],
    ['a shape that does not fit', fileOf(`{"a":${entry([2], [0, 4])}}`, 4), /needs 8 .* hold 4/],
    ['data that overlaps', fileOf(`{"a":${a},"b":${entry([1], [2, 6])}}`, 6), /'b' overlaps/],
    ['the same data twice', fileOf(`{"a":${a},"b":${a}}`, 4), /'b' overlaps/],
    ['a gap', fileOf(`{"a":${a},"b":${entry([1], [5, 9])}}`, 9), /'b' leaves a gap/],
    ['data before the first tensor', fileOf(`{"a":${entry([1], [4, 8])}}`, 8), /leaves a gap/],
    ['missing data', fileOf(`{"a":${a}}`, 3), /take 4 bytes, the file holds 3/],
    ['data left over', fileOf(`{"a":${a}}`, 5), /take 4 bytes, the file holds 5/],
  ];
  it.each(cases)('%s', (_, bytes, reason) => {
    const error = errorOf(bytes);
    expect(error.code).toBe('INVALID_FILE');
    expect(error.message).toContain('model.safetensors');
    expect(error.message).toMatch(reason);
  });
});

describe('readSafetensors accepts', () => {
  it('tensors in any order of the header, and gives views of the file in the order of their data', () => {
    const bytes = fileOf(`{"b":${entry([1], [4, 8])},"a":${entry([], [0, 4])}}`, 8);
    const { tensors } = readSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(['a', 'b']);
    expect(tensors.get('b')!.data.buffer).toBe(bytes.buffer);
    expect(tensors.get('a')!.shape).toEqual([]);
  });

  it('empty tensors, no tensors, absent metadata, names of any kind', () => {
    expect(readSafetensors(fileOf('{}')).tensors.size).toBe(0);
    expect(readSafetensors(fileOf('{"__metadata__":null}')).metadata).toEqual({});
    const { tensors } = readSafetensors(
      fileOf(
        `{"__proto__":${entry([0, 3], [0, 0])},"7":${entry([1], [0, 4])},"":${entry([0], [4, 4])}}`,
        4,
      ),
    );
    expect([...tensors.keys()]).toEqual(['__proto__', '7', '']);
  });

  it('a file that does not start at the beginning of its buffer', () => {
    const bytes = fileOf(`{"a":${entry([1], [0, 4])}}`, 4);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(readSafetensors(shifted.subarray(3)).tensors.get('a')!.data).toHaveLength(4);
  });
});

describe('writeSafetensors', () => {
  it('gives the bytes of the reference library for its own examples', () => {
    // The expected files of `test_serialization`, `test_serialization_forced_alignement` and
    // `test_empty` in huggingface/safetensors, safetensors/src/tensor.rs.
    const values = Float32Array.of(0, 1, 2, 3, 4, 5);
    const data = new Uint8Array(values.buffer);
    const file = (header: string) => {
      const bytes = fileOf(header, 24);
      bytes.set(data, 8 + header.length);
      return bytes;
    };
    expect(writeSafetensors(new Map([['attn.0', float32Tensor(values, [1, 2, 3])]]))).toEqual(
      file('{"attn.0":{"dtype":"F32","shape":[1,2,3],"data_offsets":[0,24]}}'),
    );
    expect(writeSafetensors(new Map([['attn0', float32Tensor(values, [1, 1, 2, 3])]]))).toEqual(
      file('{"attn0":{"dtype":"F32","shape":[1,1,2,3],"data_offsets":[0,24]}}       '),
    );
    expect(writeSafetensors(new Map())).toEqual(fileOf('{}      '));
    expect(writeSafetensors(new Map(), { framework: 'pt' })).toEqual(
      fileOf('{"__metadata__":{"framework":"pt"}}     '),
    );
  });

  it('sorts by alignment, then by code point, whatever the order of the map', () => {
    const tensor = (dtype: SafeTensorDtype): SafeTensor => ({
      dtype,
      shape: [1],
      data: new Uint8Array(bytesPerElement[dtype]),
    });
    const names: [string, SafeTensor][] = [
      ['a', tensor('U8')],
      ['\u{1f600}', tensor('F32')],
      ['\uffee', tensor('F32')],
      ['10', tensor('F32')],
      ['9', tensor('F32')],
      ['z', tensor('I64')],
      ['half', tensor('F16')],
    ];
    const forward = writeSafetensors(new Map(names), { b: '1', a: '2' });
    const backward = writeSafetensors(new Map(names.reverse()), { a: '2', b: '1' });
    expect(backward).toEqual(forward);
    expect([...readSafetensors(forward).tensors.keys()]).toEqual([
      ...['z', '10', '9', '\uffee', '\u{1f600}', 'half', 'a'],
    ]);
  });

  it('refuses data that does not fit its shape, and names it cannot write', () => {
    const tensor = float32Tensor(new Float32Array(6), [2, 2]);
    expect(() => writeSafetensors(new Map([['w', tensor]]))).toThrow(
      /Tensor 'w' of dtype 'F32' and shape \[2, 2\] does not fit its 24 bytes/,
    );
    const scalar = float32Tensor(new Float32Array(1), []);
    expect(() => writeSafetensors(new Map([['__metadata__', scalar]]))).toThrow(/cannot be called/);
    expect(() => writeSafetensors(new Map([['\ud800', scalar]]))).toThrow(/cannot be called/);
  });
});

const dtypes = Object.keys(bytesPerElement) as SafeTensorDtype[];
const arbitraryTensor = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }),
  })
  .chain(({ dtype, shape }) => {
    const length = shape.reduce((product, size) => product * size, bytesPerElement[dtype]);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((data): SafeTensor => ({ dtype, shape, data }));
  });
const arbitraryName = fc
  .string({ unit: 'binary', maxLength: 12 })
  .filter((x) => x !== '__metadata__');
const arbitraryTensors = fc.uniqueArray(fc.tuple(arbitraryName, arbitraryTensor), {
  selector: ([name]) => name,
  maxLength: 6,
});
const arbitraryMetadata = fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 });

describe('properties', () => {
  it('what is written is read back, aligned', () => {
    fc.assert(
      fc.property(arbitraryTensors, arbitraryMetadata, (tensors, metadata) => {
        const read = readSafetensors(writeSafetensors(new Map(tensors), metadata));
        expect(read.tensors).toEqual(new Map(tensors));
        expect({ ...read.metadata }).toEqual({ ...metadata });
        for (const { dtype, data } of read.tensors.values()) {
          expect(data.byteOffset % bytesPerElement[dtype]).toBe(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('a truncated file is INVALID_FILE, at every length', () => {
    fc.assert(
      fc.property(arbitraryTensors, (tensors) => {
        const bytes = writeSafetensors(new Map(tensors));
        for (let length = 0; length < bytes.length; length++) {
          expect(errorOf(bytes.subarray(0, length)).code).toBe('INVALID_FILE');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('flipped bytes give INVALID_FILE or a file that means what it says', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(arbitraryTensors, arbitraryMetadata, flips, (tensors, metadata, where) => {
        const bytes = writeSafetensors(new Map(tensors), metadata);
        const headerLength = bytes.length - tensors.reduce((sum, [, x]) => sum + x.data.length, 0);
        // Most flips go to the header, where they matter.
        for (const [at, mask] of where) bytes[at % (at % 4 ? headerLength : bytes.length)]! ^= mask;
        let read: ReturnType<typeof readSafetensors>;
        try {
          read = readSafetensors(bytes, 'flipped');
        } catch (error) {
          expect((error as AnyformerError).code).toBe('INVALID_FILE');
          return;
        }
        for (const { dtype, shape, data } of read.tensors.values()) {
          const elements = shape.reduce((product, size) => product * size, 1);
          expect(data.byteLength).toBe(elements * bytesPerElement[dtype]);
        }
        const dataBytes = [...read.tensors.values()].reduce((sum, x) => sum + x.data.length, 0);
        const header = new DataView(bytes.buffer).getBigUint64(0, true);
        expect(8 + Number(header) + dataBytes).toBe(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });
});

describe.each([
  ['pretrained/stories260K/hf/model.safetensors', 260_032, 'model.embed_tokens.weight', [512, 64]],
  ['pretrained/ct2-aren/aren.safetensors', 182_731, 'decoder.embeddings.weight', [43, 32]],
  ['reference/hf-parity/bert-seqcls/model.safetensors', undefined, 'classifier.weight', [3, 32]],
  ['reference/hf-parity/gpt2-lm/model.safetensors', undefined, 'transformer.wte.weight', [100, 32]],
  [
    'reference/hf-parity/bart-seq2seq/model.safetensors',
    undefined,
    'model.shared.weight',
    [100, 32],
  ],
])('%s', (path, parameters, name, shape) => {
  const file = sharedDataOrSay(path, 'reading and rewriting a file of the reference library');

  it.skipIf(file === undefined)('is read, and written back byte by byte', () => {
    const bytes = new Uint8Array(readFileSync(file!));
    const { tensors, metadata } = readSafetensors(bytes, path);
    expect(tensors.get(name)?.shape).toEqual(shape);
    const count = [...tensors.values()].reduce((sum, tensor) => sum + tensor.data.length / 4, 0);
    if (parameters !== undefined) expect(count).toBe(parameters);
    expect(Buffer.compare(writeSafetensors(tensors, metadata), bytes)).toBe(0);
  });
});
