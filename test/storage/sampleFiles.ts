import { sealFiles } from '../../src/storage/sealedFiles.ts';

export const fileNames = ['model.safetensors', 'tokenizer.json'];

/** A sealed set whose every file tells its version. */
export function sampleFiles(version: number, modelBytes = 1000): Map<string, Uint8Array> {
  const encode = (value: object) => new TextEncoder().encode(JSON.stringify(value));
  return sealFiles(
    new Map([
      ['config.json', encode({ model_type: 'bert', version })],
      ['model.safetensors', noise(modelBytes + version, version)],
      ['tokenizer.json', encode({ version })],
    ]),
  );
}

/** Bytes that do not get smaller in a browser that compresses what it keeps. */
function noise(length: number, seed: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state >>> 24;
  });
}

/** The version a set was written with; the seal has been checked by whoever read it. */
export function versionOf(files: ReadonlyMap<string, Uint8Array>): number {
  return JSON.parse(new TextDecoder().decode(files.get('config.json'))).version;
}
