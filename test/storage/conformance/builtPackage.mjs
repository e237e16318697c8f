/** The package as it is built. Types are checked before there is one, so this is JavaScript. */
export { TextClassifier } from 'anyformer';
