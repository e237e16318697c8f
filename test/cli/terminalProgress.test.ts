import { describe, expect, test } from 'vitest';
import { terminalProgress } from '../../src/cli/terminalProgress.ts';
import type { Progress } from '../../src/core/progress.ts';

class FakeStream {
  text = '';
  readonly columns: number;

  constructor(
    readonly isTTY: boolean,
    columns = 120,
  ) {
    this.columns = columns;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

const progress = (step: number, more: Partial<Progress> = {}): Progress => ({
  phase: 'train',
  message: `training ${step} of 100`,
  step,
  totalSteps: 100,
  elapsedSeconds: step,
  remainingSeconds: 100 - step,
  ...more,
});

describe('into a file', () => {
  test('the first line, one now and then, the last', () => {
    const stream = new FakeStream(false);
    const onProgress = terminalProgress({ stream, lineEverySeconds: 40 });
    for (let step = 1; step <= 100; step++) onProgress(progress(step, { loss: 1 / step }));
    expect(stream.text).toBe(
      [
        'train 1/100  loss 1.0000  1:39 left\n',
        'train 41/100  loss 0.0244  0:59 left\n',
        'train 81/100  loss 0.0123  0:19 left\n',
        'train 100/100  loss 0.0100  1:40\n',
      ].join(''),
    );
  });

  test('all that is known', () => {
    const stream = new FakeStream(false);
    const details = { learningRate: 5e-4, tokensPerSecond: 21_345, metrics: { f1: 0.96789 } };
    const time = { elapsedSeconds: 5, remainingSeconds: 3725 };
    terminalProgress({ stream })(progress(1, { loss: 0.4, ...details, ...time }));
    expect(stream.text).toBe(
      'train 1/100  loss 0.4000  1:02:05 left  21.3k tokens/s  val f1 0.9679  lr 5.0e-4\n',
    );
  });

  test('a phase that ends early says where it got to, when the next begins or at stop', () => {
    const stream = new FakeStream(false);
    const onProgress = terminalProgress({ stream });
    onProgress(progress(1));
    onProgress(progress(2));
    const unknown = { totalSteps: undefined, remainingSeconds: undefined };
    onProgress(progress(1, { phase: 'encode', ...unknown }));
    onProgress(progress(5, { phase: 'encode', ...unknown }));
    onProgress.stop();
    onProgress.stop();
    expect(stream.text.split('\n')).toEqual([
      'train 1/100  1:39 left',
      'train 2/100  1:38 left',
      'encode 1  0:01',
      'encode 5  0:05',
      '',
    ]);
  });
});

describe('in a terminal', () => {
  test('a bar that is full at the end of its line', () => {
    const stream = new FakeStream(true);
    const onProgress = terminalProgress({ stream });
    onProgress(progress(50, { loss: 0.5 }));
    expect(stream.text).toContain(`${'█'.repeat(10)}${'░'.repeat(10)} 50/100`);
    onProgress(progress(100, { loss: 0.25 }));
    expect(stream.text).toContain(`${'█'.repeat(20)} 100/100  loss 0.2500`);
    expect(stream.text.endsWith('\n')).toBe(true);
  });

  test('each phase has its bar; stop ends one that is not full', () => {
    const stream = new FakeStream(true);
    const onProgress = terminalProgress({ stream });
    onProgress(progress(10));
    onProgress(progress(3, { phase: 'evaluate', totalSteps: 4 }));
    expect(stream.text.match(/\n/g)?.length).toBe(1);
    onProgress.stop();
    expect(stream.text.match(/\n/g)?.length).toBe(2);
    expect(stream.text).toContain('evaluate   ███████████████░░░░░ 3/4');
  });

  test('a line is never wider than the terminal', () => {
    const stream = new FakeStream(true, 60);
    const onProgress = terminalProgress({ stream });
    onProgress(progress(100, { loss: 0.5, learningRate: 1e-3, tokensPerSecond: 1e5 }));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal's own language
    const lines = stream.text.split(/\n|\u001b\[1G|\u001b[78]|\u001b\[0K/);
    for (const line of lines) expect(line.length).toBeLessThan(60);
    expect(stream.text).toContain('loss 0.5000');
    expect(stream.text).not.toContain('tok');
  });
});
