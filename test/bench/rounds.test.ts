import { describe, expect, it } from 'vitest';
import { atOneClock } from './support/rounds.mjs';

const beside = (...peaks: number[]) => ({ times: [1], peaks });

describe('atOneClock', () => {
  it('leaves out what was measured while something else slowed the machine down', () => {
    const quiet = [beside(100, 98), beside(99, 100)];
    const ours = [beside(100, 50), ...quiet, beside(60, 98)];
    const peers = [...quiet, beside(98, 94)];
    expect(atOneClock([ours, peers], [2, 2])).toEqual([quiet, quiet]);
  });

  it('takes the clock at which every side has the most, not the highest', () => {
    const low = [beside(90, 89), beside(89, 90)];
    const ours = [beside(100, 100), beside(100, 99), ...low];
    const peers = [beside(100, 90), ...low];
    expect(atOneClock([ours, peers], [2, 2])).toEqual([low, low]);
  });

  it('takes the highest of several clocks at which there is enough', () => {
    const high = [beside(100, 100)];
    expect(atOneClock([[...high, beside(90, 90), beside(90, 90)]], [1])).toEqual([high]);
  });

  it('takes no program for a clock', () => {
    const slow = Array.from({ length: 9 }, () => beside(60, 60));
    expect(atOneClock([[beside(100, 100), ...slow], slow], [3, 3])[1]).toEqual([]);
  });
});
