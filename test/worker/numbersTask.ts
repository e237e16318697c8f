import type { MessagePort } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter';
import { throwIfAborted } from '../../src/core/errors.ts';
import { Channel } from '../../src/worker/channel.ts';
import { makeTask } from '../../src/worker/remoteTask.ts';
import { serveTasks } from '../../src/worker/serveTasks.ts';

interface Slow {
  signal?: AbortSignal;
  onProgress?: (n: number) => void;
}

const served: string[] = [];
let kept: Uint8Array | undefined;

/** A task that has one of everything that may cross. */
export class Numbers {
  static create = async () => new Numbers();
  static load = async () => new Numbers();

  get log(): readonly string[] {
    return served;
  }

  async sumOfFirst(count: number, numbers: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const n of numbers) {
      sum += n;
      if (--count === 0) break;
    }
    return sum;
  }

  async *count(end: number, { signal, onProgress }: Slow = {}): AsyncGenerator<number> {
    try {
      for (let n = 1; n <= end; n++) {
        throwIfAborted(signal, 'Counting');
        served.push(`made ${n}`);
        await onProgress?.(n);
        yield n;
      }
    } finally {
      served.push('ended');
    }
  }

  async bytes(length: number): Promise<Uint8Array> {
    kept = new Uint8Array(length).fill(7);
    return kept;
  }

  async kept(): Promise<number> {
    return kept!.length;
  }

  never(): Promise<void> {
    return new Promise(() => {});
  }

  dispose(): void {}
}

/** The task behind the one port, and what stands for it behind the other. */
export async function connectNumbers(here: MessagePort, there: MessagePort) {
  served.length = 0;
  const noEngine = () => Promise.reject(new Error('there is no engine here'));
  serveTasks({ Numbers: { task: Numbers, streams: ['count'] } }, noEngine, nodeEndpoint(there));
  there.start();
  const channel = new Channel(nodeEndpoint(here), false);
  here.start();
  const call = { name: 'Numbers', how: 'create', args: [] } as const;
  const task = await makeTask(Numbers.prototype, call, channel, undefined);
  return { task, channel, served: served as readonly string[] };
}
