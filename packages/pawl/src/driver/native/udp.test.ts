import { udpConformance } from '../../../test/support/udp-conformance.ts';
import { nativeDriver } from './index.ts';

const anywhere = { host: '127.0.0.1', port: 0, family: 4 } as const;
const anywhere6 = { host: '::1', port: 0, family: 6 } as const;
const driver = nativeDriver;

udpConformance('UDP in host mode', { driver, anywhere, run: (client, jobs) => client.run(...jobs) });
udpConformance('UDP, blocking', { driver, anywhere, run: (client, jobs) => client.block(...jobs) });
udpConformance('UDP over IPv6', { driver, anywhere: anywhere6, run: (client, jobs) => client.block(...jobs) });
