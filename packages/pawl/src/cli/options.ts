/** The options of `pawl run`: they come before the program, whose own arguments come after it. */

export interface RunCommandOptions {
  /** Print the task tree when the process has not ended so many ms after it should have. */
  readonly dumpOnExitTimeout?: number;
}

export interface ParsedRun {
  /** The program and its arguments. */
  readonly args: readonly string[];
  readonly options: RunCommandOptions;
  /** What is wrong with the command line. */
  readonly wrong?: string;
}

const DUMP = '--dump-on-exit-timeout';

/** Takes the options off the front. An option that it does not know is left where it is. */
export function parseRunOptions(given: readonly string[]): ParsedRun {
  let args = given;
  let options: RunCommandOptions = {};
  for (let [first] = args; first === DUMP || first?.startsWith(`${DUMP}=`) === true; [first] = args) {
    const separate = first === DUMP;
    const text = separate ? args[1] : first.slice(DUMP.length + 1);
    if (text === undefined || !/^\d+$/.test(text)) {
      return {
        args,
        options,
        wrong: `${DUMP} needs a number of milliseconds, got ${text === undefined ? 'nothing' : `"${text}"`}`,
      };
    }
    options = { dumpOnExitTimeout: Number(text) };
    args = args.slice(separate ? 2 : 1);
  }
  return { args, options };
}
