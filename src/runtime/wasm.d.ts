// A .wasm file that is imported is compiled already where edge runtimes are bundled for.
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.wasm?module' {
  const module: WebAssembly.Module;
  export default module;
}

// In a build that is one file, it is in the code, to be decoded when it is needed.
declare module '*.wasm?inline' {
  const decode: () => Uint8Array<ArrayBuffer>;
  export default decode;
}

// Gzipped, as base64.
declare module '*.wasm?packed' {
  const packed: string;
  export default packed;
}
