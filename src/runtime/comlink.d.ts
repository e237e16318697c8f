/** The file itself, since not every bundler adds its ending; its types stand beside it without one. */
declare module 'comlink/dist/esm/node-adapter.mjs' {
  export { default } from 'comlink/dist/esm/node-adapter';
}
