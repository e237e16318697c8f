import { type JsonObject, parseJsonObject } from '../formats/json.ts';
import { Tokenizer } from '../tokenizers/index.ts';

/**
 * The two files of a tokenizer.
 *
 * @param config what tokenizer_config.json says besides.
 * @param prefix of the names of both.
 */
export function toTokenizerFiles(
  tokenizer: Tokenizer,
  config: JsonObject,
  prefix = '',
): [string, Uint8Array][] {
  const { tokenizer: json, tokenizerConfig } = tokenizer.toJSON();
  return [
    [`${prefix}tokenizer.json`, jsonFile(json)],
    [`${prefix}tokenizer_config.json`, jsonFile({ ...tokenizerConfig, ...config })],
  ];
}

const jsonFile = (value: unknown) =>
  new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

/** Reads the two, of which the second need not be there. */
export function readTokenizerFiles(
  files: ReadonlyMap<string, Uint8Array>,
  nameOf: (file: string) => string,
  prefix = '',
): { tokenizer: Tokenizer; config: JsonObject } {
  const [file, configFile] = [`${prefix}tokenizer.json`, `${prefix}tokenizer_config.json`];
  const configBytes = files.get(configFile);
  const config = configBytes ? parseJsonObject(configBytes, nameOf(configFile)) : {};
  // Of many thousands of tokens; all libraries take the last of two that are the same.
  const json = parseJsonObject(files.get(file)!, nameOf(file), { uniqueKeys: false });
  return { tokenizer: Tokenizer.fromJSON(json, config), config };
}

/** Whether two tokenizers do the same to every text. */
export function isSameTokenizer(a: Tokenizer, b: Tokenizer): boolean {
  return JSON.stringify(a.toJSON().tokenizer) === JSON.stringify(b.toJSON().tokenizer);
}
