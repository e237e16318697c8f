import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readZip, writeZip } from '../../src/formats/zip.ts';

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.warn('left out: zip archives of Python (needs python3)');

const encode = (text: string) => new TextEncoder().encode(text);
const refused = (archive: Uint8Array, message: RegExp) =>
  expect(() => readZip(archive, 'spam.zip')).toThrow(
    expect.objectContaining({ code: 'INVALID_FILE', message: expect.stringMatching(message) }),
  );

describe('zip archives', () => {
  it('give back what was packed', () => {
    const name = fc.stringMatching(/^[a-z]{1,8}(\.json|\.safetensors|)$/);
    fc.assert(
      fc.property(fc.dictionary(name, fc.uint8Array({ maxLength: 300 })), (entries) => {
        const files = new Map(Object.entries(entries));
        expect(readZip(writeZip(files), 'x')).toEqual(files);
      }),
    );
  });

  it('are the same for the same files; weights are stored, text is compressed', () => {
    const text = encode('abc '.repeat(1000));
    const files = new Map([
      ['model.safetensors', text],
      ['tokenizer.json', text],
    ]);
    expect(writeZip(files)).toEqual(writeZip(files));
    const { length } = writeZip(files);
    expect(length).toBeGreaterThan(text.length);
    expect(length).toBeLessThan(text.length + 500);
  });

  it.skipIf(!hasPython)('are read by Python, and read what Python writes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'anyformer-zip-'));
    try {
      const text = encode('{"a": [1, 2, 3]}'.repeat(50));
      writeFileSync(join(folder, 'ours.zip'), writeZip(new Map([['config.json', text]])));
      mkdirSync(join(folder, 'model'));
      execFileSync('python3', ['-m', 'zipfile', '-e', 'ours.zip', 'model'], { cwd: folder });
      expect(readFileSync(join(folder, 'model/config.json'))).toEqual(Buffer.from(text));
      execFileSync('python3', ['-m', 'zipfile', '-c', 'theirs.zip', 'model'], { cwd: folder });
      const theirs = readZip(readFileSync(join(folder, 'theirs.zip')), 'theirs.zip');
      expect(theirs).toEqual(new Map([['config.json', text]]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('may hold the folder itself, and what file managers add', () => {
    const bytes = encode('{}');
    const archive = zipSync({
      'spam/': new Uint8Array(0),
      'spam/config.json': bytes,
      'spam/.DS_Store': bytes,
      '__MACOSX/spam/._config.json': bytes,
    });
    expect(readZip(archive, 'x')).toEqual(new Map([['config.json', bytes]]));
  });

  it('of several folders, torn ones and other files are refused', () => {
    const bytes = encode('{}'.repeat(500));
    refused(
      zipSync({ 'a/config.json': bytes, 'b/config.json': bytes }),
      /several folders \(a\/config\.json, b\//,
    );
    refused(zipSync({ 'a/config.json': bytes, 'a/b/x': bytes }), /several folders/);
    refused(zipSync({ 'config.json': bytes, 'a/x': bytes }), /several folders/);
    const whole = writeZip(new Map([['config.json', bytes]]));
    refused(whole.subarray(0, whole.length - 30), /^spam\.zip is no zip archive, or is torn \(/);
    refused(encode('<!doctype html>'), /no zip archive/);
    refused(new Uint8Array(0), /no zip archive/);
  });
});
