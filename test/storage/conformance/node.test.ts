import * as nodeFs from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Miniflare } from 'miniflare';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { writeZip } from '../../../src/formats/zip.ts';
import { FileStorage } from '../../../src/storage/fileStorage.ts';
import { HttpStorage } from '../../../src/storage/httpStorage.ts';
import { type KeyValueBinding, KeyValueStorage } from '../../../src/storage/keyValueStorage.ts';
import { MemoryStorage } from '../../../src/storage/memoryStorage.ts';
import { OpfsStorage } from '../../../src/storage/opfsStorage.ts';
import { ZipStorage } from '../../../src/storage/zipStorage.ts';
import { TextClassifier } from '../../../src/tasks/textClassifier.ts';
import { fakeOpfs } from '../fakeOpfs.ts';
import { checks, type Place } from './checks.ts';

let directory: string;
let places = 0;
beforeAll(async () => {
  directory = await nodeFs.mkdtemp(join(tmpdir(), 'anyformer-conformance-'));
});
afterAll(() => nodeFs.rm(directory, { recursive: true, force: true }));

/** The files that the server below answers with, by the path of their folder. */
const served = new Map<string, ReadonlyMap<string, Uint8Array>>();
const server = createServer((request, response) => {
  const [, folder = '', name = ''] = request.url!.split('/');
  const bytes = served.get(folder)?.get(decodeURIComponent(name));
  if (bytes === undefined) return response.writeHead(404).end();
  response.writeHead(200, { 'content-length': bytes.length });
  return response.end(request.method === 'HEAD' ? undefined : bytes);
});
let address: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

// Cloudflare's own R2 and KV, run by workerd.
let cloudflare: Miniflare;
beforeAll(() => {
  cloudflare = new Miniflare({
    modules: true,
    script: 'export default { fetch: () => new Response() }',
    r2Buckets: ['BUCKET'],
    kvNamespaces: ['NAMESPACE'],
  });
});
afterAll(() => cloudflare.dispose());

function keyValuePlace(binding: KeyValueBinding): Place {
  const prefix = `models/${places++}`;
  const full = () => {
    const put = secondFails(binding.put.bind(binding) as (key: string) => Promise<unknown>, 'full');
    const { get, delete: remove, list, head } = binding;
    const others = Object.entries({ get, delete: remove, list, head });
    const bound = others.flatMap(([name, method]) =>
      method ? [[name, method.bind(binding)]] : [],
    );
    return new KeyValueStorage({ ...Object.fromEntries(bound), put }, prefix);
  };
  return { open: () => new KeyValueStorage(binding, prefix), full };
}

/** The same function, whose second call is refused. */
function secondFails<A extends unknown[], R>(
  call: (...values: A) => Promise<R>,
  code: string,
): (...values: A) => Promise<R> {
  let calls = 0;
  return async (...values) => {
    if (++calls === 2) throw Object.assign(new Error(code), { code });
    return call(...values);
  };
}

const drivers: Record<string, () => Place | Promise<Place>> = {
  FileStorage: () => {
    const folder = join(directory, String(places++));
    return {
      open: () => new FileStorage(folder),
      target: () => folder,
      full: () => new FileStorage(folder, { ...nodeFs, open: secondFails(nodeFs.open, 'ENOSPC') }),
    };
  },
  MemoryStorage: () => {
    const files = new Map<string, Uint8Array>();
    return { open: () => new MemoryStorage(files), target: () => files };
  },
  'HttpStorage (to read)': () => {
    const folder = String(places++);
    return {
      open: () => new HttpStorage(`${address}/${folder}`),
      target: () => `${address}/${folder}`,
      fill: async (files) => void served.set(folder, files),
      lists: false,
    };
  },
  'OpfsStorage (in memory)': () => {
    const root = new Map();
    const { host } = fakeOpfs(root);
    const full = () => {
      let writes = 0;
      const isFull = (): boolean => fake.done.at(-1) === 'write' && ++writes === 2;
      const fake = fakeOpfs(root, () => (isFull() ? 'QuotaExceededError' : undefined));
      return new OpfsStorage('models/spam', fake.host);
    };
    return { open: () => new OpfsStorage('models/spam', host), full };
  },
  'ZipStorage (new)': () => {
    const zip = new ZipStorage();
    return { open: () => zip };
  },
  'ZipStorage (an archive, to read)': () => {
    let archive = new Blob([writeZip(new Map())]);
    return {
      open: () => new ZipStorage(archive),
      target: () => archive,
      fill: async (files) => {
        archive = new Blob([writeZip(files)]);
      },
    };
  },
  'KeyValueStorage (R2)': async () => {
    // Its types name a package of types that need not be there.
    const bucket = (await cloudflare.getR2Bucket('BUCKET')) as unknown as KeyValueBinding;
    return keyValuePlace(bucket);
  },
  'KeyValueStorage (KV)': async () => {
    const namespace = (await cloudflare.getKVNamespace('NAMESPACE')) as unknown as KeyValueBinding;
    return keyValuePlace(namespace);
  },
};

describe.each(Object.entries(drivers))('%s', (_, make) => {
  it.each(Object.entries(checks))('%s', async (__, check) => check(await make(), TextClassifier));
});
