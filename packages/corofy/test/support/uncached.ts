/** `--import` of the compiler as it stands now, whatever an earlier one has left in the cache. */
import { register } from 'corofy';

register({ cache: null });
