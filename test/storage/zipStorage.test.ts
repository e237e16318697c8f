import { describe, expect, it } from 'vitest';
import { readSealedFiles } from '../../src/storage/sealedFiles.ts';
import { ZipStorage } from '../../src/storage/zipStorage.ts';
import { fileNames, sampleFiles, versionOf } from './sampleFiles.ts';

describe('ZipStorage', () => {
  it('is written, handed on as one file, and read again', async () => {
    const zip = new ZipStorage();
    await zip.write(sampleFiles(3));
    const blob = await zip.blob();
    expect(blob.type).toBe('application/zip');
    expect(blob.size).toBe((await zip.bytes()).length);
    const again = new ZipStorage(blob);
    expect(versionOf(await readSealedFiles(again, { required: fileNames }))).toBe(3);
  });

  it('names the file in what it says', async () => {
    const file = new File([await new ZipStorage().blob()], 'spam.zip');
    const storage = new ZipStorage(file);
    await expect(storage.read('config.json')).rejects.toThrow(
      /^There is no config\.json in spam\.zip; there is nothing\./,
    );
    await expect(storage.write(sampleFiles(1))).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^spam\.zip is read from .* new ZipStorage\(\)/),
    });
    const text = new ZipStorage(new File(['text,label'], 'data.csv'));
    await expect(text.read('config.json')).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringMatching(/^data\.csv is no zip archive/),
    });
  });

  it('says when the file cannot be read any more', async () => {
    const gone = new File([], 'gone.zip');
    gone.arrayBuffer = () => Promise.reject(new DOMException('changed', 'NotReadableError'));
    await expect(new ZipStorage(gone).list()).rejects.toMatchObject({
      code: 'STORAGE',
      message: expect.stringMatching(/^gone\.zip could not be read \(changed\).* Choose it again/),
    });
  });
});
