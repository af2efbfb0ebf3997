import { conformance } from '../../../test/support/conformance.ts';
import { progress } from '../../../test/support/progress.ts';
import { nativeDriver } from './index.ts';

const anywhere = { host: '127.0.0.1', port: 0, family: 4 } as const;
const anywhere6 = { host: '::1', port: 0, family: 6 } as const;
const driver = nativeDriver;

conformance('host mode', { driver, anywhere, run: (client, jobs) => client.run(...jobs) });
conformance('blocking', { driver, anywhere, run: (client, jobs) => client.block(...jobs) });
conformance('IPv6', { driver, anywhere: anywhere6, run: (client, jobs) => client.block(...jobs) });
progress('host mode', driver);
