#!/usr/bin/env node
// The launcher of the `corofy` command: the sources when it stands in the project's own workspace, `dist` when it was installed (Node
// strips no types below node_modules).
import { existsSync } from 'node:fs';

const sources = new URL('../src/cli/main.ts', import.meta.url);
const installed = import.meta.url.includes('/node_modules/') || !existsSync(sources);
const { main } = await import(installed ? '../dist/cli/main.js' : sources.href);
await main(process.argv.slice(2));
