/** The programs compiled to classes of fields. */
import { register } from 'corofy';

register({ backEnd: 'fields', cache: null });
const { default: implementation } = await import('./programs.ts');
export default implementation;
