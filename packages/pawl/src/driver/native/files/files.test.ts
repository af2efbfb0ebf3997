import { fileConformance } from '../../../../test/support/file-conformance.ts';
import { folder } from '../../../../test/support/folder.ts';
import { nativeDriver } from '../index.ts';

const driver = nativeDriver;

fileConformance('files in host mode', { driver, folder, run: (client, jobs) => client.run(...jobs) });
fileConformance('files, blocking', { driver, folder, run: (client, jobs) => client.block(...jobs) });
