import { kebabCase } from './names.ts';
import type { Option, Options } from './options.ts';

/** `TextClassifier.train: …`, `trainWordPiece: …`: which function of the library was called. */
const CALLED =
  /^(?:[A-Z]\w*\.(?:create|load|train|predict|evaluate|generate|generateSequences|stream|save)|createEngine|train[A-Z]\w*): /;

/** A quoted value; or a name, perhaps with its object before it and a plain value behind it. */
const QUOTED_OR_NAME =
  /(?<!\w)'.*?'(?!\w)|"[^"]*"|`[^`]*`|(?<![\w./\\$-])([a-z]\w*(?:\.[a-z]\w*)?)(?:: (true|false|-?\d[\d.e-]*(?<!\.)))?(?![\w/\\-]|\.\w)/g;

const UNKNOWN_OPTION = /(unknown option .*; known are )([\w, ]+)\.$/;

/**
 * A message of the library in the words of the command line:
 * `TextClassifier.train: learningRate must be …` becomes `--learning-rate must be …`.
 *
 * Quoted values stay as they are. So do words such as `data` and `labels`, unless they begin the
 * message or name the option of an object (`encoder.dropout`).
 *
 * @param options those of the command that was called.
 */
export function withFlagNames(message: string, options: Options): string {
  const names = new LibraryNames(options);
  const called = CALLED.exec(message)?.[0] ?? '';
  const text = names
    .withoutObject(message.slice(called.length))
    .replace(UNKNOWN_OPTION, (match, before: string, known: string) => {
      const flags = known.split(', ').flatMap((name) => names.flagOf(name) ?? []);
      return flags.length > 0 ? `${before}${flags.join(', ')}.` : match;
    });
  return text.replace(QUOTED_OR_NAME, (match, name, value, offset: number) => {
    const isSubject = called !== '' && offset === 0;
    const isName = name !== undefined && (isSubject || /[A-Z.]/.test(name));
    return (isName && names.flagOf(name, value)) || match;
  });
}

/** The options of a command by what the library calls them. */
class LibraryNames {
  readonly #options = new Map<string, { readonly flag: string; readonly kind: Option['kind'] }>();
  readonly #objects = new Set<string>();

  constructor(options: Options) {
    for (const [name, { kind, inLibrary = name }] of Object.entries(options)) {
      const flag = `--${kebabCase(name)}`;
      if (!this.#options.has(inLibrary)) this.#options.set(inLibrary, { flag, kind });
      const [object, inner] = inLibrary.split('.');
      if (inner !== undefined) this.#objects.add(object!);
    }
  }

  /** `encoder: hiddenSize must …` as `encoder.hiddenSize must …`. */
  withoutObject(text: string): string {
    return text.replace(/^(\w+): (?=[a-z])/, (match, object) => {
      if (!this.#objects.has(object)) return match;
      return text.startsWith('unknown option', match.length) ? '' : `${object}.`;
    });
  }

  /** `--max-length`, or with its value `--max-length 128`; of true and false the flag alone. */
  flagOf(name: string, value?: string): string | undefined {
    const [object, inner] = name.split('.');
    const isInner = inner !== undefined && this.#objects.has(object!);
    const option = this.#options.get(name) ?? (isInner ? this.#options.get(inner) : undefined);
    if (!option) return undefined;
    const { flag, kind } = option;
    if (value === undefined) return flag;
    if (kind === 'boolean' && value === 'true') return flag;
    if (kind === 'boolean' && value === 'false') return `--no-${flag.slice(2)}`;
    return `${flag} ${value}`;
  }
}
