/**
 * What a value is by its own word: `URL`, `Blob`, `Map`. It may come from another realm (a frame, a
 * worker, a test runner), where `instanceof` fails.
 */
export const tagOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);
