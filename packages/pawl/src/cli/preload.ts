/** Prepares a thread as the command has prepared the one that starts it. */
import { prepare } from './prepare.ts';

await prepare(import.meta.url.endsWith('.ts'));
