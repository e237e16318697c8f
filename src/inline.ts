/** `anyformer/inline`: `anyformer` and `anyformer/ui` in one file, with the WebAssembly inside. */
export * from './index.ts';
export * from './ui.ts';
