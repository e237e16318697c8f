import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const COMMENT = /\/\*[\s\S]*?\*\//g;

/**
 * Writes the notices of the libraries that are bundled into one file beside the code, which loses
 * its comments: the licence of each package that is not under ours, and what its sources say of
 * their authors.
 */
export function thirdPartyNotices(fileName) {
  return {
    name: 'third-party-notices',
    generateBundle(_options, bundle) {
      const packages = new Map();
      for (const chunk of Object.values(bundle)) {
        for (const id of Object.keys(chunk.modules ?? {})) {
          const [folder] = /^.*\/node_modules\/(@[^/]+\/)?[^/]+/.exec(id.replace('\0', '')) ?? [];
          if (folder === undefined) continue;
          const notices = packages.get(folder) ?? new Set(licenceFiles(folder));
          packages.set(folder, notices);
          for (const [comment] of (this.getModuleInfo(id)?.code ?? '').matchAll(COMMENT)) {
            if (/copyright/i.test(comment)) notices.add(comment);
          }
        }
      }
      const parts = [...packages].sort().map(([folder, notices]) => {
        const { name, version, license } = packageOf(folder);
        return [`${name} ${version} (${license})`, ...notices].join('\n\n');
      });
      this.emitFile({ type: 'asset', fileName, source: `${parts.join('\n\n---\n\n')}\n` });
    },
  };
}

const packageOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Those under Apache-2.0 have the text of our own LICENSE. */
function licenceFiles(folder) {
  if (packageOf(folder).license === 'Apache-2.0') return [];
  return readdirSync(folder)
    .filter((file) => /^licen[cs]e/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim());
}
