declare module 'anyformer/inline?url' {
  const address: string;
  export default address;
}
