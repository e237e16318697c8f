import type { AddedTokenJson, TokenizerConfigJson } from './tokenizerJson.ts';

/** What special tokens are for, under the names of HF's tokenizer_config.json. */
export type SpecialTokenRole = 'pad' | 'unk' | 'cls' | 'sep' | 'mask' | 'bos' | 'eos';

/** The usual spellings, tried in this order where no tokenizer_config.json names the token. */
const USUAL_SPELLINGS: Readonly<Record<SpecialTokenRole, readonly string[]>> = {
  pad: ['[PAD]', '<pad>', '<|pad|>'],
  unk: ['[UNK]', '<unk>', '<|endoftext|>'],
  cls: ['[CLS]'],
  sep: ['[SEP]'],
  mask: ['[MASK]', '<mask>'],
  bos: ['<s>', '<|endoftext|>'],
  eos: ['</s>', '<|endoftext|>'],
};

const ROLES = Object.keys(USUAL_SPELLINGS) as SpecialTokenRole[];

/**
 * Which token plays which role: as tokenizer_config.json says (`pad_token` …), else the usual
 * spelling among the special added tokens, else none. A role the config sets to null is empty.
 */
export function specialTokenRoles(
  addedTokens: readonly AddedTokenJson[],
  config: TokenizerConfigJson,
): Partial<Record<SpecialTokenRole, string>> {
  const special = new Set(addedTokens.filter((x) => x.special).map((x) => x.content));
  const roles: Partial<Record<SpecialTokenRole, string>> = {};
  for (const role of ROLES) {
    const named = config[`${role}_token`];
    const token =
      named === undefined
        ? USUAL_SPELLINGS[role].find((spelling) => special.has(spelling))
        : contentOf(named);
    if (token !== undefined) roles[role] = token;
  }
  return roles;
}

/** The `pad_token` … entries of a tokenizer_config.json for these special tokens. */
export function specialTokenConfig(specialTokens: readonly string[]): TokenizerConfigJson {
  const added = specialTokens.map((content, id) => ({ id, content, special: true }));
  const roles = specialTokenRoles(added, {});
  return Object.fromEntries(ROLES.flatMap((r) => (roles[r] ? [[`${r}_token`, roles[r]]] : [])));
}

/** The added tokens of a trained vocabulary: its special tokens, which get the first ids. */
export function specialAddedTokens(specialTokens: readonly string[]): AddedTokenJson[] {
  return specialTokens.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  }));
}

/** Configs write a token as its text or as an object with its `content`. */
function contentOf(token: unknown): string | undefined {
  if (typeof token === 'string') return token;
  if (typeof token === 'object' && token !== null && 'content' in token) {
    return typeof token.content === 'string' ? token.content : undefined;
  }
  return undefined;
}
