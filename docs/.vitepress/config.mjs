import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitepress';
import { frontmatter } from './frontmatter.mjs';
import { fullText } from './fullText.mjs';

const docs = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(await readFile(join(docs, '../package.json'), 'utf8'));

/** The groups of an entry's API, in the order of what a reader looks for first. */
const KINDS = ['classes', 'functions', 'interfaces', 'type-aliases', 'variables'];

/** The sidebar of the generated reference: one group for each entry of the package. */
async function apiSidebar() {
  const entries = ['', 'tf', 'ui', 'worker', 'inline', 'terminal'];
  return Promise.all(
    entries.map(async (entry) => {
      const address = `/api/anyformer/${entry ? `${entry}/` : ''}`;
      const pages = await Promise.all(KINDS.map((kind) => pagesOf(`${address}${kind}/`)));
      return {
        text: entry ? `anyformer/${entry}` : 'anyformer',
        link: address,
        collapsed: entry !== '',
        items: pages.flat(),
      };
    }),
  );
}

async function pagesOf(address) {
  const files = await readdir(join(docs, address)).catch(() => []);
  const names = files.map((file) => file.replace(/\.md$/, '')).sort();
  return names.map((name) => ({ text: name, link: `${address}${name}` }));
}

const guide = [
  {
    text: 'Introduction',
    items: [
      { text: 'What is anyformer?', link: '/what-is-anyformer' },
      { text: 'From a CSV to an app', link: '/guide/csv-to-app' },
    ],
  },
  {
    text: 'Quick starts',
    items: [
      { text: 'Node', link: '/start/node' },
      { text: 'Vite', link: '/start/vite' },
      { text: 'Next.js', link: '/start/nextjs' },
      { text: 'Script tag', link: '/start/script-tag' },
      { text: 'Cloudflare Workers', link: '/start/cloudflare' },
      { text: 'Vercel', link: '/start/vercel' },
      { text: 'Deno', link: '/start/deno' },
      { text: 'Bun', link: '/start/bun' },
    ],
  },
  {
    text: 'Tasks',
    items: [
      { text: 'Classify text', link: '/guide/classify' },
      { text: 'Generate text', link: '/guide/generate' },
      { text: 'Translate', link: '/guide/translate' },
      { text: 'Layers and TensorFlow.js', link: '/guide/layers' },
    ],
  },
  {
    text: 'Guides',
    items: [
      { text: 'Which options for my data', link: '/guide/options' },
      { text: 'Honest numbers', link: '/guide/honest-numbers' },
      { text: 'Off the main thread', link: '/guide/workers' },
      { text: 'Storage', link: '/guide/storage' },
      { text: 'Headers, CSP and threads', link: '/guide/headers' },
      { text: 'The element', link: '/guide/element' },
      { text: 'Command line', link: '/guide/command-line' },
      { text: 'Memory', link: '/guide/memory' },
      { text: 'Errors', link: '/guide/errors' },
    ],
  },
  {
    text: 'Coming from',
    items: [
      { text: 'transformers.js', link: '/migrate/transformers-js' },
      { text: 'Keras', link: '/migrate/keras' },
      { text: 'Hugging Face Trainer', link: '/migrate/hf-trainer' },
    ],
  },
  {
    text: 'More',
    items: [
      { text: 'Benchmarks', link: '/benchmarks' },
      { text: 'FAQ', link: '/faq' },
      { text: 'Security', link: '/security' },
      { text: 'How we write', link: '/style' },
    ],
  },
];

export default defineConfig({
  title: 'anyformer',
  description: 'Train and run Transformers in JavaScript, on WebAssembly.',
  lang: 'en',
  cleanUrls: true,
  lastUpdated: false,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/logo.svg' }]],
  themeConfig: {
    logo: '/logo.svg',
    search: { provider: 'local' },
    outline: { level: [2, 3] },
    nav: [
      { text: 'Get started', link: '/start/node', activeMatch: '^/start/' },
      { text: 'Guide', link: '/guide/classify', activeMatch: '^/(guide|migrate)/' },
      { text: 'API', link: '/api/anyformer/', activeMatch: '^/api/' },
      { text: 'Benchmarks', link: '/benchmarks' },
      { text: `v${version}`, link: '/what-is-anyformer#status' },
    ],
    sidebar: { '/api/': await apiSidebar(), '/': guide },
    footer: { message: 'Apache-2.0. These pages load nothing from other sites.' },
  },
  transformPageData(page) {
    Object.assign(page.frontmatter, frontmatter[page.relativePath]);
    if (page.relativePath === 'index.md') page.title = 'Train and run Transformers in JavaScript';
  },
  async buildEnd({ outDir }) {
    await copyFile(join(docs, 'llms.txt'), join(outDir, 'llms.txt'));
    await writeFile(join(outDir, 'llms-full.txt'), await fullText(docs));
  },
});
