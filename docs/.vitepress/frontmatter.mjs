/**
 * What other sites write at the head of a page: the formatter of this project takes YAML in Markdown
 * for text.
 */
export const frontmatter = {
  'index.md': {
    layout: 'home',
    hero: {
      name: 'anyformer',
      text: 'Train Transformers in JavaScript',
      tagline:
        'Your own text classifier, generator or translator, from your own data. It trains and runs on WebAssembly, in the browser, in Node and at the edge.',
      actions: [
        { theme: 'brand', text: 'Get started', link: '/start/node' },
        { theme: 'alt', text: 'From a CSV to an app', link: '/guide/csv-to-app' },
        { theme: 'alt', text: 'API', link: '/api/anyformer/' },
      ],
    },
    features: [
      {
        title: 'Trains, not only predicts',
        details:
          'Give it a CSV. It picks a model, trains it and measures it on rows that it did not learn from.',
        link: '/guide/classify',
      },
      {
        title: 'Runs where JavaScript runs',
        details:
          "Node, Deno, Bun, Chromium, Firefox, Safari's engine, Cloudflare Workers and Vercel's edge functions. One API, the same files.",
        link: '/what-is-anyformer#where-it-runs',
      },
      {
        title: 'Nothing leaves the device',
        details:
          'No server, no key, no telemetry. The library makes a request only to an address that you give it, or to its own files.',
        link: '/security',
      },
      {
        title: 'Honest numbers',
        details:
          'Held-out accuracy with its 95 % interval, a simple baseline beside it, calibrated scores, and warnings in plain words.',
        link: '/guide/honest-numbers',
      },
      {
        title: 'One small package',
        details:
          'No dependencies, no install script, no GPU, no Python. An app that only classifies starts with 117 KB of JavaScript.',
        link: '/benchmarks#size',
      },
      {
        title: "Opens in Hugging Face's library",
        details:
          "It saves config.json, tokenizer.json and model.safetensors. BERT, GPT-2, Llama, BART and Marian match Hugging Face's numbers.",
        link: '/migrate/transformers-js',
      },
    ],
  },
  // Its tables need the room of the outline.
  'benchmarks.md': { aside: false, pageClass: 'wide' },
};
