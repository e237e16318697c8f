#!/usr/bin/env node
import { main } from './cli/main.ts';

// The same address from src (tests) and from dist (the package).
process.exitCode = await main(process.argv.slice(2), new URL('../package.json', import.meta.url));
