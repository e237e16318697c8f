import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/builtPackage.ts';
import { films, interruptCli, runCli, SMALL, startCli, weightsOf } from './runCli.ts';

let folder: string;
// Long enough to be interrupted in the middle: some seconds.
const training = (output: string) =>
  ['train', '--data', 'films.csv', '--epochs', '60', '--output', output, '--json', ...SMALL].concat(
    ['--validation-split', '0.1', '--save-strategy', 'no'],
  );

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder, 'films.csv'), films(400));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a training that is interrupted', () => {
  it('saves a checkpoint, and goes on to the same weights, bit for bit', async () => {
    const whole = await runCli(training('whole'), folder);
    expect(whole).toMatchObject({ code: 0, stderr: '' });

    const first = await interruptCli(training('parts'), folder, 'SIGINT');
    expect(first.code).toBe(130);
    expect(first.stderr).toMatch(/interrupted; parts has a checkpoint: .*--resume/);
    expect(JSON.parse(first.stdout.trimEnd().split('\n').at(-1)!)).toEqual({
      type: 'interrupted',
      checkpoint: 'parts',
    });
    expect(await readdir(join(folder, 'parts'))).toContain('trainer_state.json');
    // What is there can be asked already, and is not lost by mistake.
    expect((await runCli(['predict', '--model', 'parts', 'A film'], folder)).code).toBe(0);
    const again = await runCli(training('parts'), folder);
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/unfinished training; pass --resume/);

    const second = await interruptCli([...training('parts'), '--resume'], folder, 'SIGTERM');
    expect(second.code).toBe(143);
    const last = await runCli([...training('parts'), '--resume'], folder);
    expect(last).toMatchObject({ code: 0, stderr: '' });
    expect(await weightsOf(join(folder, 'parts'))).toBe(await weightsOf(join(folder, 'whole')));
    expect(await readdir(join(folder, 'parts'))).toEqual(await readdir(join(folder, 'whole')));

    const none = await runCli([...training('parts'), '--resume'], folder);
    expect(none.code).toBe(1);
    expect(none.stderr).toMatch(/parts has no checkpoint to go on from/);
  });

  it('refuses to go on with other options', async () => {
    await interruptCli(training('other'), folder, 'SIGINT');
    const ended = await runCli([...training('other'), '--resume', '--batch-size', '8'], folder);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(/written with --batch-size 16, this run has 8.*without --resume/);
  });

  it('ends at once at the second signal', async () => {
    const twice = startCli(training('twice'), folder);
    await twice.seen(/"phase":"train"/);
    twice.child.kill('SIGINT');
    twice.child.kill('SIGTERM');
    expect((await twice.ended).code).toBeGreaterThanOrEqual(130);
  });
});
