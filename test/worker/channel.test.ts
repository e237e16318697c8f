import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../src/worker/channel.ts';
import { connectNumbers, type Numbers } from './numbersTask.ts';

let ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports) port.close();
});

/** A task on the one side of a line in this thread, and what stands for it on the other. */
async function connect(): Promise<{ task: Numbers; channel: Channel; served: Numbers['log'] }> {
  const { port1, port2 } = new MessageChannel();
  ports = [port1, port2];
  return connectNumbers(port1, port2);
}

describe('a line to a task', () => {
  it('pulls an iterable of this side value by value, and ends it', async () => {
    const { task } = await connect();
    let made = 0;
    let ended = false;
    async function* source() {
      try {
        for (;;) yield ++made;
      } finally {
        ended = true;
      }
    }
    expect(await task.sumOfFirst(3, source())).toBe(6);
    expect({ made, ended }).toEqual({ made: 3, ended: true });
  });

  it('fails of what such an iterable throws', async () => {
    const { task } = await connect();
    async function* source() {
      yield 1;
      throw new RangeError('torn');
    }
    await expect(task.sumOfFirst(3, source())).rejects.toThrow(new RangeError('torn'));
  });

  it('streams, each value when it is asked for; leaving the loop ends it over there', async () => {
    const { task, served } = await connect();
    const seen: number[] = [];
    for await (const n of task.count(100)) {
      seen.push(n);
      if (n === 3) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(served).toEqual(['made 1', 'made 2', 'made 3', 'ended']);
    const all: number[] = [];
    for await (const n of task.count(4)) all.push(n);
    expect(all).toEqual([1, 2, 3, 4]);
  });

  it('streams until its signal fires, with callbacks, and throws what is thrown there', async () => {
    const { task } = await connect();
    const controller = new AbortController();
    const told: number[] = [];
    const seen: number[] = [];
    const loop = async () => {
      const { signal } = controller;
      for await (const n of task.count(100, { signal, onProgress: (n) => told.push(n) })) {
        seen.push(n);
        if (n === 2) controller.abort();
      }
    };
    const error = await loop().catch((thrown) => thrown);
    expect(error.code).toBe('ABORTED');
    expect(error.cause).toBe(controller.signal.reason);
    expect(seen).toEqual([1, 2]);
    expect(told.slice(0, 2)).toEqual([1, 2]);
  });

  it('hands buffers over instead of copying them', async () => {
    const { task } = await connect();
    const bytes = await task.bytes(1000);
    expect(bytes).toEqual(new Uint8Array(1000).fill(7));
    expect(await task.kept()).toBe(0);
  });

  it('fails what is open when it stops', async () => {
    const { task, channel } = await connect();
    const stream = task.count(100)[Symbol.asyncIterator]();
    await stream.next();
    const never = task.never();
    channel.stop(new Error('gone'));
    await expect(never).rejects.toThrow('gone');
    await expect(stream.next()).rejects.toThrow('gone');
    await expect(task.bytes(1)).rejects.toThrow('gone');
  });
});
