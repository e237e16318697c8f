import { AnyformerError, show } from '../../../core/errors.ts';
import type { LogitsProcessor } from '../logitsProcessor.ts';

/** A processor of the user's own, held to what it may give. @param name for the message. */
export function checked(process: LogitsProcessor, name: string): LogitsProcessor {
  return (ids, scores, context) => {
    const V = scores.length;
    const refuse = (given: string) =>
      new AnyformerError(
        'INVALID_ARGUMENT',
        `${name} gave ${given}; it has to change the scores in place and give undefined, or give a Float32Array of ${V} scores, one for each token, -Infinity for what is ruled out.`,
      );
    const changed: unknown = process(ids, scores, context) ?? scores;
    // A Promise, above all: a processor answers at once.
    if (!(changed instanceof Float32Array)) throw refuse(show(changed));
    if (changed.length !== V) throw refuse(`a Float32Array of ${changed.length}`);
    const bad = changed.findIndex((score) => !(score < Infinity));
    if (bad >= 0) throw refuse(`the score ${changed[bad]} to token ${bad}`);
    return changed;
  };
}
