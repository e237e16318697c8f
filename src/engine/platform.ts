import { env } from '@tensorflow/tfjs-core';
import { AnyformerError, show } from '../core/errors.ts';

type Platform = Parameters<ReturnType<typeof env>['setPlatform']>[1];

/** tfjs's platform on Web standards alone, the same on every host. */
const webPlatform: Platform = {
  fetch: (path, init) => globalThis.fetch(path, init as RequestInit),
  now: () => performance.now(),
  encode: (text, encoding) => {
    if (encoding !== 'utf-8' && encoding !== 'utf8') {
      throw new AnyformerError(
        'UNSUPPORTED',
        `Text is encoded as utf-8 only, not ${show(encoding)}.`,
      );
    }
    return new TextEncoder().encode(text);
  },
  decode: (bytes, encoding) => new TextDecoder(encoding).decode(bytes),
  setTimeoutCustom: (callback, delay) => void setTimeout(callback, delay),
  isTypedArray: (value: unknown): value is Float32Array | Int32Array | Uint8Array =>
    value instanceof Float32Array ||
    value instanceof Int32Array ||
    value instanceof Uint8Array ||
    value instanceof Uint8ClampedArray,
};

export function usePlatform(): void {
  // tfjs warns of a platform that is set again, as after a start that failed.
  if (env().platform !== webPlatform) env().setPlatform('anyformer', webPlatform);
}
