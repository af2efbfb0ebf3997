import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileConformance } from '../../../../test/support/file-conformance.ts';
import { nativeDriver } from '../index.ts';

const root = mkdtempSync(join(tmpdir(), 'pawl-files-'));
after(() => rmSync(root, { recursive: true }));

const driver = nativeDriver;
const folder = (): string => mkdtempSync(join(root, 'test-'));

fileConformance('files in host mode', { driver, folder, run: (client, jobs) => client.run(...jobs) });
fileConformance('files, blocking', { driver, folder, run: (client, jobs) => client.block(...jobs) });
