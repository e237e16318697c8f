import { afterEach, describe, expect, it, vi } from 'vitest';
import { chooseThreads } from '../../src/engine/threads.ts';
import { runtime } from '../../src/runtime/node.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const processors = (count: number) =>
  vi.spyOn(runtime.threads!, 'available').mockReturnValue(count);

describe('chooseThreads', () => {
  it("takes one a processor, at most 8, for 'auto'", () => {
    for (const [count, chosen] of [
      [2, 2],
      [6, 6],
      [64, 8],
    ] as const) {
      processors(count);
      expect(chooseThreads('auto')).toEqual({ enabled: true, count: chosen });
    }
  });

  it('takes the number it is given', () => {
    processors(2);
    expect(chooseThreads(5)).toEqual({ enabled: true, count: 5 });
    expect(chooseThreads(1)).toMatchObject({ enabled: false, count: 1 });
  });

  it('says why there is one', () => {
    processors(1);
    expect(chooseThreads('auto')).toEqual({
      enabled: false,
      count: 1,
      reason: 'there is one processor',
    });
    vi.stubGlobal('SharedArrayBuffer', undefined);
    expect(chooseThreads(2)).toEqual({
      enabled: false,
      count: 1,
      reason: 'this runtime has no shared memory',
    });
  });
});
