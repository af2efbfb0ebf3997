#!/usr/bin/env node
// The launcher of the `pawl` command. Plain JavaScript that an old Node can still parse: its first task is to say, in one
// sentence, that this Node is too old. It then starts the command line from the sources when it stands in the project's own
// workspace, and from `dist` when it was installed (Node strips no types below node_modules).
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 26 || (major === 26 && minor < 1)) {
  console.error(
    `pawl needs Node 26.1 or later, and this is Node ${process.versions.node}: install it from nodejs.org, ` +
      'or add it to your project with "npm install --save-dev node@26" and run "npx pawl".',
  );
  process.exit(1);
}

const sources = new URL('../src/cli/launch.ts', import.meta.url);
const installed = import.meta.url.includes('/node_modules/') || !existsSync(sources);
const { launch } = await import(installed ? '../dist/cli/launch.js' : sources.href);
await launch({ sources: !installed });
