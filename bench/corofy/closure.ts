/** The programs compiled to step closures. */
import { register } from 'corofy';

register({ backEnd: 'closure', cache: null });
const { default: implementation } = await import('./programs.ts');
export default implementation;
