// The element is enough. This says below it what the engine runs on.
document.querySelector('anyformer-classifier').addEventListener('load', async () => {
  const { backend, threads } = (await anyformer.createEngine()).info();
  const count = threads.count === 1 ? 'one thread' : `${threads.count} threads`;
  document.querySelector('#engine').textContent =
    backend === 'wasm' ? `WebAssembly, ${count}` : 'Plain JavaScript';
});
