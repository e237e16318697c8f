import { AnyformerError, show } from '../core/errors.ts';

/** A token outside of the model's own splitting, as tokenizer.json lists it. */
export interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  readonly normalized?: boolean;
  readonly special?: boolean;
}

/** A step of the pipeline: HF's name of it in `type`, and its own settings. */
export interface PipelineStepJson {
  readonly type: string;
  readonly [setting: string]: unknown;
}

/** The content of a tokenizer.json, in HF's own spelling. */
export interface TokenizerJson {
  readonly version?: string;
  readonly truncation?: unknown;
  readonly padding?: unknown;
  readonly added_tokens: readonly AddedTokenJson[];
  readonly normalizer: PipelineStepJson | null;
  readonly pre_tokenizer: PipelineStepJson | null;
  readonly post_processor: PipelineStepJson | null;
  readonly decoder: PipelineStepJson | null;
  readonly model: PipelineStepJson;
}

/** The content of a tokenizer_config.json, in HF's own spelling. */
export type TokenizerConfigJson = Readonly<Record<string, unknown>>;

const MODEL_TYPES = ['BPE', 'WordPiece', 'Unigram'];
const STEPS = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;

/**
 * Checks what a tokenizer.json holds before anything is built from it.
 *
 * @param content the file's text, or what JSON.parse made of it.
 * @throws AnyformerError `INVALID_FILE`.
 */
export function parseTokenizerJson(content: unknown): TokenizerJson {
  const json = asObject(typeof content === 'string' ? parseText(content) : content, 'the file');
  const model = checkModel(asObject(json.model, 'model'));
  const steps = Object.fromEntries(STEPS.map((name) => [name, checkStep(json[name], name)]));
  const added = json.added_tokens ?? [];
  if (!Array.isArray(added)) refuse(`added_tokens must be a list, it is ${show(added)}`);
  added.forEach(checkAddedToken);
  return { ...json, ...steps, added_tokens: added, model } as unknown as TokenizerJson;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    refuse(`it is not JSON (${(cause as Error).message})`, cause);
  }
}

function checkModel(model: Record<string, unknown>): Record<string, unknown> {
  const type = model.type ?? typeBySettings(model);
  if (typeof type !== 'string' || !MODEL_TYPES.includes(type)) {
    refuse(`model.type must be one of ${MODEL_TYPES.join(', ')}, it is ${show(model.type)}`);
  }
  if (type === 'Unigram') {
    if (!Array.isArray(model.vocab)) refuse(`model.vocab must be a list of [token, score] pairs`);
    return { ...model, type };
  }
  const vocab = asObject(model.vocab, 'model.vocab');
  if (!Object.values(vocab).every(isId)) {
    const [token, id] = Object.entries(vocab).find(([, value]) => !isId(value))!;
    refuse(`model.vocab gives the token ${show(token)} the id ${show(id)}`);
  }
  if (type === 'BPE') checkMerges(model.merges);
  else if (typeof model.unk_token !== 'string' || !Object.hasOwn(vocab, model.unk_token)) {
    refuse(`model.unk_token ${show(model.unk_token)} is not in model.vocab`);
  }
  return { ...model, type };
}

/** Old files, those of gpt2 and bert-base-uncased among them, leave the type out. */
function typeBySettings(model: Record<string, unknown>): string | undefined {
  if ('merges' in model) return 'BPE';
  if ('max_input_chars_per_word' in model) return 'WordPiece';
  return Array.isArray(model.vocab) ? 'Unigram' : undefined;
}

function checkMerges(merges: unknown): void {
  if (!Array.isArray(merges)) refuse(`model.merges must be a list, it is ${show(merges)}`);
  merges.forEach((merge, i) => {
    const parts = typeof merge === 'string' ? merge.split(' ') : merge;
    const isPair =
      Array.isArray(parts) && parts.length === 2 && parts.every((x) => typeof x === 'string');
    if (!isPair) refuse(`model.merges[${i}] is ${show(merge)}, not a pair of tokens`);
  });
}

function checkStep(step: unknown, name: string): PipelineStepJson | null {
  // HF's library wants every step to be named, if only as null.
  if (step === undefined || step === null) return null;
  const { type } = asObject(step, name);
  if (typeof type !== 'string') refuse(`${name}.type must be a name, it is ${show(type)}`);
  return step as PipelineStepJson;
}

function checkAddedToken(token: unknown, i: number): void {
  const { id, content } = asObject(token, `added_tokens[${i}]`);
  if (!isId(id)) refuse(`added_tokens[${i}].id is ${show(id)}`);
  if (typeof content !== 'string' || content === '') {
    refuse(`added_tokens[${i}].content is ${show(content)}`);
  }
}

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    refuse(`${what} must be an object, it is ${show(value)}`);
  }
  return value as Record<string, unknown>;
}

function refuse(why: string, cause?: unknown): never {
  throw new AnyformerError(
    'INVALID_FILE',
    `This is not a whole tokenizer.json: ${why}. Write it again with tokenizer.toJSON(), or take the file of a model on the HF Hub.`,
    { cause },
  );
}
