import { conformance } from '../../../test/support/conformance.ts';
import { nativeDriver } from './index.ts';

conformance('guest mode', {
  driver: () => nativeDriver({ loop: 'guest' }),
  anywhere: { host: '127.0.0.1', port: 0, family: 4 },
  run: (client, jobs) => client.run(...jobs),
});
