/** `pawl doctor`: what this machine and this Node give the runtime, why, and what would have to change for more. */
import { readFileSync } from 'node:fs';
import { nativeDriver } from '../driver/native/index.ts';
import { PawlError } from '../index.ts';
import { NO_NSSWITCH, parseNsswitch } from '../net/dns/nsswitch.ts';
import { chooseNames, forcedNames, type NamesChoice } from '../net/dns/system.ts';

/** What the runtime has found. `failure` is the reason why there is no native driver at all. */
export interface Findings {
  readonly failure?: string;
  readonly reason?: string;
  readonly level?: 'raw' | 'libc';
  readonly mode?: 'host' | 'guest';
  /** PAWL_SYSCALLS and PAWL_LOOP, as they are set. */
  readonly forcedLevel?: string | undefined;
  readonly forcedMode?: string | undefined;
}

/** Prints the findings; the exit code is 1 when programs cannot run here. */
export async function doctor(): Promise<void> {
  const findings = await examine();
  const rows: [string, string][] = [
    ['node', `${process.versions.node} (26.1 or later is needed)`],
    ['platform', `${process.platform} ${process.arch}`],
    ['permissions', permissions()],
    ['driver', findings.failure === undefined ? `native: ${findings.reason}` : `none: ${findings.failure}`],
  ];
  if (findings.failure === undefined) {
    rows.push(
      ['system calls', String(findings.level)],
      ['loop', `${findings.mode} mode`],
      ['names', names(systemNames())],
    );
  }
  const tips = advice(findings);
  rows.push([
    'to be faster',
    tips.length === 0 ? 'nothing to change: this is the fastest combination' : tips.join('; '),
  ]);
  for (const [name, text] of rows) process.stdout.write(`${name.padEnd(13)} ${text}\n`);
  if (findings.failure !== undefined) process.exitCode = 1;
}

async function examine(): Promise<Findings> {
  const forced = { forcedLevel: process.env['PAWL_SYSCALLS'], forcedMode: process.env['PAWL_LOOP'] };
  try {
    const { mode, reason } = nativeDriver();
    const { level } = await import('../sys/syscalls/index.ts');
    return { mode, reason, level, ...forced };
  } catch (error) {
    if (!(error instanceof PawlError)) throw error;
    return { failure: error.message, ...forced };
  }
}

/** Who looks names up, and why. */
export function names({ own, why }: NamesChoice): string {
  return own
    ? `our own resolver: ${why}`
    : `the system's resolver, on threads of Node's, and not inside blockOn: ${why} (PAWL_NAMES=own asks files and dns only)`;
}

function systemNames(): NamesChoice {
  let sources = NO_NSSWITCH;
  try {
    sources = parseNsswitch(readFileSync('/etc/nsswitch.conf', 'utf8'));
  } catch {
    // Not there, or not for us: what the resolver takes for absent.
  }
  return chooseNames(sources, forcedNames());
}

/** What would have to change for a driver, or a faster one; empty when nothing would. */
export function advice(findings: Findings): string[] {
  if (findings.failure !== undefined) return [`without a driver nothing runs: ${findings.failure}`];
  const tips: string[] = [];
  if (findings.level === 'libc') {
    tips.push(
      findings.forcedLevel === 'libc'
        ? 'unset PAWL_SYSCALLS: system calls through libc cost several times those by emitted machine code'
        : 'let the process map emitted machine code (x64 or arm64, memfd_create, no seccomp rule or noexec mount against it): ' +
            'system calls through libc cost several times as much',
    );
  }
  if (findings.mode === 'guest') {
    tips.push(
      findings.forcedMode === 'guest'
        ? 'unset PAWL_LOOP: in host mode a turn of the loop costs less than in guest mode'
        : 'run in host mode: a turn of the loop costs less than in guest mode',
    );
  }
  return tips;
}

function permissions(): string {
  // @types/node declares neither that it may be absent nor the `ffi` and `net` scopes.
  const { permission } = process as unknown as { permission?: { has(scope: string): boolean } };
  if (permission === undefined) return 'the permission model is off';
  const scopes = ['ffi', 'net'].map((scope) => `${scope} ${permission.has(scope) ? 'allowed' : 'denied'}`);
  return `the permission model is on: ${scopes.join(', ')}`;
}
