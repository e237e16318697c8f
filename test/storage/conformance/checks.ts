import { AnyformerError, type ErrorCode } from '../../../src/core/errors.ts';
import type { StorageTarget } from '../../../src/storage/openStorage.ts';
import { readSealedFiles } from '../../../src/storage/sealedFiles.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { fileNames, sampleFiles, versionOf } from '../sampleFiles.ts';
import { equal } from './assertions.ts';
import { type Classifiers, keepsAClassifier } from './classifierCheck.ts';

/** An empty place of a medium. The checks run wherever it is, so they name no test runner. */
export interface Place {
  /** A new handle to the place, with what is in it. */
  open(): Storage;
  /** The place as tasks take it to save to and load from. Default: what `open` gives. */
  target?(): StorageTarget;
  /** Puts files there where the medium itself is read only. */
  fill?(files: ReadonlyMap<string, Uint8Array>): Promise<void>;
  /** Whether the medium can say what is there. Default: yes. */
  readonly lists?: boolean;
  /** A handle that finds no room for the second file it writes, where a medium can be full. */
  full?(): Storage;
}

type Check = (place: Place, classifiers: Classifiers) => Promise<void>;

/** What every driver keeps to, by name. A check that fails throws. */
export const checks: Readonly<Record<string, Check>> = {
  'reads back every byte, of files small, empty and large': async (place) => {
    const large = Uint8Array.from({ length: 3_000_001 }, (_, i) => (i * 31 + (i >> 8)) & 255);
    const files = new Map([
      ['large.safetensors', large],
      ['empty', new Uint8Array(0)],
      ['config.json', Uint8Array.of(123, 125)],
    ]);
    await put(place, files);
    const storage = place.open();
    for (const [name, bytes] of files) equalBytes(await storage.read(name), bytes, name);
  },

  'knows what is there, by plain names of any script': async (place) => {
    const names = ['b-1_2.json', 'a file', 'модель.bin', 'naïve'];
    await put(place, new Map(names.map((name, i) => [name, Uint8Array.of(i)])));
    const storage = place.open();
    for (const [i, name] of names.entries()) {
      equal(await storage.has(name), true, name);
      equalBytes(await storage.read(name), Uint8Array.of(i), name);
    }
    equal(await storage.has('other'), false, 'other');
    if (place.lists === false) await refuses(() => storage.list(), 'UNSUPPORTED');
    else equal(await storage.list(), [...names].sort(), 'list');
  },

  'says what is missing and where, in an empty place and beside other files': async (place) => {
    const storage = place.open();
    if (place.lists !== false) equal(await storage.list(), [], 'an empty place');
    equal(await storage.has('config.json'), false, 'has in an empty place');
    const what = /model\.safetensors/;
    const error = await refuses(() => storage.read('model.safetensors'), 'STORAGE', what);
    if (!error.message.includes(storage.location)) throw new Error(`no location: ${error.message}`);
    await put(place, new Map([['config.json', Uint8Array.of(1)]]));
    await refuses(() => place.open().read('model.safetensors'), 'STORAGE', what);
    const readSealed = () => readSealedFiles(place.open(), { required: [] });
    await refuses(readSealed, 'INVALID_FILE', /config\.json/);
  },

  'refuses names that are no plain file names': async (place) => {
    const storage = place.open();
    for (const name of ['', '.', '..', '../up', 'a/b', 'a\\b', '.hidden', 'a\0b']) {
      await refuses(() => storage.read(name), 'INVALID_ARGUMENT', /plain file name/);
      await refuses(() => storage.has(name), 'INVALID_ARGUMENT', /plain file name/);
      if (place.fill) continue;
      await refuses(() => storage.remove(name), 'INVALID_ARGUMENT', /plain file name/);
      const files = new Map([
        ['good', Uint8Array.of(1)],
        [name, Uint8Array.of(1)],
      ]);
      await refuses(() => storage.write(files), 'INVALID_ARGUMENT', /plain file name/);
    }
    if (place.lists !== false) equal(await storage.list(), [], 'nothing was written');
  },

  'refuses what is no bytes before anything is written': async (place) => {
    if (place.fill) return;
    for (const value of ['text', new ArrayBuffer(3), new Float32Array(2), undefined]) {
      const files = new Map<string, unknown>([
        ['good', Uint8Array.of(1)],
        ['bad', value],
      ]);
      const write = () => place.open().write(files as Map<string, Uint8Array>);
      await refuses(write, 'INVALID_ARGUMENT', /bytes of bad must be a Uint8Array/);
    }
    equal(await place.open().list(), [], 'nothing was written');
  },

  'takes a view for what it shows, and shared memory': async (place) => {
    const whole = Uint8Array.from({ length: 1000 }, (_, i) => i & 255);
    // Pages that are not isolated have shared memory in WebAssembly alone.
    const { buffer } = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const shared = new Uint8Array(buffer).fill(7);
    const files = new Map<string, Uint8Array>([
      ['view', whole.subarray(100, 110)],
      ['shared', shared.subarray(2, 5)],
    ]);
    await put(place, files);
    const storage = place.open();
    equalBytes(await storage.read('view'), whole.slice(100, 110), 'view');
    equalBytes(await storage.read('shared'), Uint8Array.of(7, 7, 7), 'shared');
  },

  'a set takes the place of the one before it; other files stay': async (place) => {
    if (place.fill) return;
    const mine = Uint8Array.of(1, 2, 3);
    await put(place, new Map([['README.md', mine]]));
    for (const version of [1, 2, 3]) {
      await put(place, sampleFiles(version));
      equal(await versionIn(place), version, 'the version read');
    }
    equalBytes(await place.open().read('README.md'), mine, 'README.md');
    const names = ['README.md', 'config.json', ...fileNames];
    equal(await place.open().list(), names, 'list');
  },

  'a file can be replaced alone, and what is torn by that is refused': async (place) => {
    await put(place, sampleFiles(1));
    equal(await versionIn(place), 1, 'the version read');
    const torn = new Map([['tokenizer.json', sampleFiles(2).get('tokenizer.json')!]]);
    await put(place, place.fill ? new Map([...sampleFiles(1), ...torn]) : torn);
    await refuses(() => versionIn(place), 'INVALID_FILE', /tokenizer\.json .* is torn/);
  },

  'removes a file; one that is not there is no error': async (place) => {
    if (place.fill) {
      await refuses(() => place.open().remove('config.json'), 'UNSUPPORTED');
      await refuses(() => place.open().write(sampleFiles(1)), 'UNSUPPORTED', /Save|save/);
      return;
    }
    await place.open().remove('tokenizer.json');
    await put(place, sampleFiles(1));
    await put(place, sampleFiles(2));
    const storage = place.open();
    await storage.remove('tokenizer.json');
    await storage.remove('tokenizer.json');
    equal(await storage.has('tokenizer.json'), false, 'has');
    equal(await place.open().list(), ['config.json', 'model.safetensors'], 'list');
    await refuses(() => versionIn(place), 'STORAGE', /tokenizer\.json/);
  },

  'a full medium is an error that says what to do; what was there still stands': async (place) => {
    if (!place.full) return;
    await put(place, sampleFiles(1));
    const fill = () => place.full!().write(sampleFiles(2));
    await refuses(fill, 'STORAGE', /free some|Try again/);
    equal(await versionIn(place), 1, 'the version read');
    equal(await place.open().list(), ['config.json', ...fileNames], 'list');
    await put(place, sampleFiles(3));
    equal(await versionIn(place), 3, 'the version read');
  },

  'an AbortSignal stops a read': async (place) => {
    await put(place, sampleFiles(1));
    const signal = AbortSignal.abort('enough');
    const read = () => place.open().read('model.safetensors', { signal });
    const error = await refuses(read, 'ABORTED', /model\.safetensors/);
    equal([error.name, error.cause], ['AbortError', 'enough'], 'the error');
  },

  'tells the bytes that arrive, and that all are there': async (place) => {
    const files = sampleFiles(1, 200_000);
    const { length } = files.get('model.safetensors')!;
    await put(place, files);
    const seen: number[] = [];
    const last: unknown[] = [];
    await place.open().read('model.safetensors', {
      onProgress({ name, loadedBytes, totalBytes }) {
        seen.push(loadedBytes);
        last.splice(0, 3, name, loadedBytes, totalBytes);
      },
    });
    equal(
      seen,
      [...seen].sort((a, b) => a - b),
      'progress that grows',
    );
    equal(last, ['model.safetensors', length, length], 'the last progress');
  },

  'reads at once do not disturb each other': async (place) => {
    await put(place, sampleFiles(5, 100_000));
    const storage = place.open();
    const names = ['config.json', ...fileNames, ...fileNames];
    const read = await Promise.all(names.map((name) => storage.read(name)));
    for (const [i, name] of names.entries())
      equalBytes(read[i]!, sampleFiles(5, 100_000).get(name)!, name);
  },

  'keeps a checkpoint of a classifier, and the classifier': keepsAClassifier,
};

async function put(place: Place, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await (place.fill ? place.fill(files) : place.open().write(files));
}

async function versionIn(place: Place): Promise<number> {
  return versionOf(await readSealedFiles(place.open(), { required: fileNames }));
}

function equalBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  equal(Object.prototype.toString.call(actual), '[object Uint8Array]', `the type of ${what}`);
  equal(actual.length, expected.length, `the length of ${what}`);
  const different = actual.findIndex((byte, i) => byte !== expected[i]);
  equal(different, -1, `the first byte of ${what} that differs`);
}

async function refuses(
  run: () => Promise<unknown>,
  code: ErrorCode,
  message = /./,
): Promise<AnyformerError> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    if (!(error instanceof AnyformerError)) throw error;
    if (error.code === code && message.test(error.message)) return error;
    throw new Error(`refused as ${error.code} "${error.message}", expected ${code} ${message}`);
  }
  throw new Error(`not refused, gave ${JSON.stringify(result)}; expected ${code} ${message}`);
}
