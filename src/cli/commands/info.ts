import { arch, platform } from 'node:os';
import { version_core } from '@tensorflow/tfjs-core';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { Command, Manifest } from '../command.ts';
import { engineFlags, startEngine } from '../engineFlags.ts';
import { openModel, readModelConfig } from '../modelFolder.ts';
import { text } from '../options.ts';

const WEIGHTS = 'model.safetensors';
const MODEL_FILES = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  WEIGHTS,
];

const options = {
  model: text('A model to describe: a folder or an address', 'FOLDER'),
  ...engineFlags,
};

/** `anyformer info`: what runs here, and what a model is. */
export const info: Command<typeof options> = {
  name: 'info',
  summary: 'Shows versions, the engine and, with --model, a model',
  usage: '[--model FOLDER] [options]',
  groups: { Options: options },
  options,
  examples: [
    ['info', 'Versions and the engine'],
    ['info --model spam --json', 'A model as well, as one JSON object'],
  ],
  async run({ values, output, manifest }) {
    const engine = await startEngine(values);
    const versions = versionsOf(manifest);
    const model = values.model === undefined ? undefined : await describeModel(values.model);
    if (output.json) {
      await output.line(
        JSON.stringify({ versions, engine: engine.info(), ...(model && { model }) }),
      );
      return 0;
    }
    await output.line(
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    );
    await output.line(String(engine));
    if (model) await output.line(modelText(model));
    return 0;
  },
};

function versionsOf({ version }: Manifest): Record<string, string> {
  const { node, bun, deno } = process.versions;
  return {
    anyformer: version,
    'tfjs-core': version_core,
    ...(bun ? { bun } : deno ? { deno } : { node: node! }),
    system: `${platform()} ${arch()}`,
  };
}

interface ModelDescription {
  readonly location: string;
  readonly parameters: number;
  /** Bytes by file. */
  readonly files: Readonly<Record<string, number>>;
  readonly config: Readonly<Record<string, unknown>>;
}

async function describeModel(model: string): Promise<ModelDescription> {
  // The seals are for the library itself.
  const { anyformer: _, ...config } = await readModelConfig(model);
  const storage = openModel(model);
  const files: Record<string, number> = {};
  for (const name of MODEL_FILES) {
    if (await storage.has(name)) files[name] = (await storage.read(name)).length;
  }
  const { tensors } = readSafetensors(await storage.read(WEIGHTS), WEIGHTS);
  const sizes = [...tensors.values()].map(({ shape }) => shape.reduce((a, b) => a * b, 1));
  const parameters = sizes.reduce((sum, size) => sum + size, 0);
  return { location: storage.location, parameters, files, config };
}

function modelText({ location, parameters, files, config }: ModelDescription): string {
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  return [
    `\n${location}: ${parameters.toLocaleString('en')} parameters`,
    ...Object.entries(files).map(
      ([name, bytes]) => `  ${name}  ${bytes.toLocaleString('en')} bytes`,
    ),
    ...Object.entries(config).map(([name, value]) => `  ${name}: ${shown(value)}`),
  ].join('\n');
}
