import { conformance } from '../../../test/support/conformance.ts';
import type { JobClient } from '../../../test/support/jobs.ts';
import { progress } from '../../../test/support/progress.ts';
import { nativeDriver } from './index.ts';

const anywhere = { host: '127.0.0.1', port: 0, family: 4 } as const;
const driver = (): ReturnType<typeof nativeDriver> => nativeDriver({ loop: 'guest' });

conformance('guest mode', { driver, anywhere, run: (client, jobs) => client.run(...jobs) });
conformance('blocking in guest mode', { driver, anywhere, run: (client: JobClient, jobs) => client.block(...jobs) });
progress('guest mode', driver);
