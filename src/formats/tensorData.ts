import { AnyformerError } from '../core/errors.ts';
import type { SafeTensor } from './safetensors.ts';

// Every JavaScript host in use, and WebAssembly itself, is little-endian like the file format:
// typed-array views of the bytes need no swapping.

/**
 * The values of a tensor as float32, in row-major order.
 *
 * F32 stays a view of the same bytes where they are aligned; F16 and BF16 are widened exactly;
 * F64 and integers are rounded to the nearest float32; BOOL gives 0 and 1.
 *
 * @throws AnyformerError `UNSUPPORTED` for the 8-bit floats.
 *
 * @example
 * const weight = toFloat32(tensors.get('classifier.weight')!);
 */
export function toFloat32(tensor: SafeTensor): Float32Array {
  const { data } = tensor;
  switch (tensor.dtype) {
    case 'F32':
      return typedView(data, Float32Array);
    case 'F16':
      return widenHalf(typedView(data, Uint16Array));
    case 'BF16':
      return widenBrainFloat(typedView(data, Uint16Array));
    case 'F64':
      return Float32Array.from(typedView(data, Float64Array));
    case 'I8':
      return Float32Array.from(typedView(data, Int8Array));
    case 'BOOL':
    case 'U8':
      return Float32Array.from(data);
    case 'I16':
      return Float32Array.from(typedView(data, Int16Array));
    case 'U16':
      return Float32Array.from(typedView(data, Uint16Array));
    case 'I32':
      return Float32Array.from(typedView(data, Int32Array));
    case 'U32':
      return Float32Array.from(typedView(data, Uint32Array));
    case 'I64':
      return Float32Array.from(typedView(data, BigInt64Array), Number);
    case 'U64':
      return Float32Array.from(typedView(data, BigUint64Array), Number);
    default:
      throw new AnyformerError(
        'UNSUPPORTED',
        `Tensors of dtype ${tensor.dtype} cannot be read as numbers; convert the file to F32, F16 or BF16.`,
      );
  }
}

/** The values of an I32 tensor: a view of the same bytes where they are aligned. */
export function toInt32({ data }: SafeTensor): Int32Array {
  return typedView(data, Int32Array);
}

/** A tensor of dtype F32 over `values`, which are not copied. */
export function float32Tensor(values: Float32Array, shape: readonly number[]): SafeTensor {
  return { dtype: 'F32', shape, data: bytesOf(values) };
}

/** A tensor of dtype I32 over `values`, which are not copied. */
export function int32Tensor(values: Int32Array, shape: readonly number[]): SafeTensor {
  return { dtype: 'I32', shape, data: bytesOf(values) };
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

interface TypedArrayConstructor<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

function typedView<T>(bytes: Uint8Array, type: TypedArrayConstructor<T>): T {
  const aligned = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new type(aligned.buffer, aligned.byteOffset, aligned.byteLength / type.BYTES_PER_ELEMENT);
}

/** IEEE 754 binary16 -> binary32. Exact: every half value is a float32 value. */
function widenHalf(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  const floats = new Float32Array(bits.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i]!;
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) {
      // Subnormal: fraction x 2^-24, normal in float32.
      floats[i] = fraction * 2 ** -24;
      bits[i] = bits[i]! | sign;
    } else if (exponent === 31) {
      bits[i] = sign | 0x7f800000 | (fraction << 13);
    } else {
      // The bias goes from 15 to 127.
      bits[i] = sign | ((exponent + 112) << 23) | (fraction << 13);
    }
  }
  return floats;
}

/** bfloat16 -> binary32: the same number with 16 more zero bits. */
function widenBrainFloat(values: Uint16Array): Float32Array {
  const bits = new Uint32Array(values.length);
  for (let i = 0; i < values.length; i++) bits[i] = values[i]! << 16;
  return new Float32Array(bits.buffer);
}
