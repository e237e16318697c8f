/**
 * For pages without a build: `<script src="anyformer.iife.js">` puts all exports in the global
 * `anyformer`; `import { TextClassifier } from '…/anyformer.browser.js'` is the same as a module. Both
 * define the elements.
 */
import { defineElements } from './ui.ts';

export * from './index.ts';
export * from './ui.ts';

defineElements();
