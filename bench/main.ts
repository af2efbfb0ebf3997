/**
 * `npm run bench -- NAME [--only TEXT] [--quick] [--json] [--check]`: runs one suite, or its measures whose titles contain the
 * text, and prints its table.
 *
 * Ends with 0 also when a bound is missed (a busy machine is no failure of the code), with 1 under `--check` or when the suite itself
 * fails, with 2 for a wrong command line. Without a name it lists the suites. Under `--json` standard output holds rows only.
 */
import { parseArgs } from 'node:util';
import { jsonLine, verdict } from './harness/row.ts';
import type { Suite } from './harness/suite.ts';
import { header, table } from './harness/table.ts';
import { corofy } from './corofy/suite.ts';
import { echo } from './echo/suite.ts';
import { http } from './http/suite.ts';
import { kernel } from './kernel/suite.ts';
import { os } from './os/suite.ts';
import { sim } from './sim/suite.ts';
import { switching } from './switch/suite.ts';
import { sync } from './sync/suite.ts';
import { threads } from './threads/suite.ts';

const SUITES: readonly Suite[] = [kernel, echo, sync, http, os, threads, sim, corofy, switching];

interface Options {
  readonly quick: boolean;
  readonly json: boolean;
  readonly check: boolean;
  readonly only?: string | undefined;
}

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let parsed;
  try {
    const flag = { type: 'boolean', default: false } as const;
    const only = { type: 'string' } as const;
    parsed = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { quick: flag, json: flag, check: flag, only },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
  const [name, ...more] = parsed.positionals;
  if (name === undefined) {
    console.log(usage());
    return 0;
  }
  if (more.length > 0) return refuse(`one suite at a time, not also ${more.join(', ')}`);
  const suite = SUITES.find((candidate) => candidate.name === name);
  if (suite === undefined) return refuse(`no suite is called ${JSON.stringify(name)}`);
  const { only } = parsed.values;
  if (only !== undefined && suite.titles === undefined) return refuse(`suite ${name} runs as a whole, without --only`);
  if (only !== undefined && suite.titles?.some((title) => title.includes(only)) === false)
    return refuse(`no measure of ${name} contains ${JSON.stringify(only)}:\n  ${suite.titles.join('\n  ')}`);
  return runSuite(suite, parsed.values);
}

async function runSuite(suite: Suite, options: Options): Promise<number> {
  const notes: string[] = [];
  const say = (text: string): void => console.error(text);
  const start = performance.now();
  const rows = await suite.run({
    quick: options.quick,
    only: options.only ?? null,
    note: (text) => void notes.push(text),
    progress: (text) => {
      if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`);
    },
  });
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  const missed = rows.filter((row) => row.holds === false);
  if (options.json) {
    for (const row of rows) console.log(jsonLine(row));
    for (const note of notes) say(`note: ${note}`);
  } else {
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`${header(suite.name)}${options.quick ? ', quick' : ''}, ${seconds} s\n\n${table(rows)}`);
    for (const note of notes) console.log(`note: ${note}`);
    const bounded = rows.filter((row) => row.bound !== null);
    const open = bounded.filter((row) => row.holds === null).length;
    const held = bounded.length - missed.length - open;
    console.log(`\n${held} of ${bounded.length} bounds hold${open === 0 ? '' : `, ${open} could not be measured`}`);
  }
  for (const row of missed) if (options.check) say(`${row.measure} against ${row.peer}: ${verdict(row)}`);
  return options.check && missed.length > 0 ? 1 : 0;
}

function usage(): string {
  const lines = SUITES.map((suite) => `  ${suite.name.padEnd(12)} ${suite.about}`);
  return `npm run bench -- NAME [--only TEXT] [--quick] [--json] [--check]\n\nsuites:\n${lines.join('\n')}`;
}

function refuse(reason: string): number {
  console.error(`${reason}\n\n${usage()}`);
  return 2;
}
