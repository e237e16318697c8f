// anyformer needs no settings of the bundler. The headers isolate the page, which gives it threads.
const headers = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default { server: { headers }, preview: { headers }, worker: { format: 'es' } };
