/** "Hello world" at three levels: the raw instruction, the C library, the standard library. */
import { cannotShow } from '../ladder/unshown.ts';
import { byStandardLibrary, SYSTEMS } from './systems.ts';

const system = SYSTEMS.find(({ platform }) => platform === process.platform);
if (system === undefined) cannotShow(`nothing is known of ${process.platform}`);

// #region hello
if (system.rawLevel === undefined) byStandardLibrary(`no raw level on ${system.platform}\n`);
else await system.rawLevel('Hello world by a raw instruction\n');
system.libraryLevel('Hello world by the C library\n');
byStandardLibrary('Hello world by the standard library\n');
// #endregion

for (const { platform, instruction, stable, library } of SYSTEMS) {
  byStandardLibrary(
    `\n${platform}\n  instruction  ${instruction}\n  stable       ${stable}\n  C library    ${library}\n`,
  );
}
