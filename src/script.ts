/** `<script src="anyformer.iife.js">`: all of it in the global `anyformer`, its elements defined. */
import { defineElements } from './ui.ts';

export * from './index.ts';
export * from './ui.ts';

defineElements();
