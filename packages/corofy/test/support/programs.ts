/**
 * Random bodies. All of a body follows from its seed.
 *
 * What must hold: a body ends by itself, uses only what it is given, and says what it does in its log.
 */
export function randomBody(seed: number): RandomBody {
  return new Writer(seed).body();
}

export interface RandomBody {
  readonly source: string;
  /** It needs an async function: it iterates or disposes asynchronously. */
  readonly asynchronous: boolean;
  /** A generator can stand for it, so that what a cancellation of it does is known. */
  readonly cancellable: boolean;
  /** It is an async generator. */
  readonly generator: boolean;
}

interface Place {
  readonly depth: number;
  /** Names that can be read, and those that can be written. */
  readonly names: readonly string[];
  readonly writable: readonly string[];
  readonly loops: readonly string[];
  readonly labels: readonly string[];
  readonly breakable: boolean;
  readonly closures: readonly string[];
  /** What it is in is an async generator, and a value may be given here. */
  readonly yields: boolean;
  /** How many marked functions it is in. */
  readonly nested: number;
}

const OUTERMOST: Place = {
  depth: 0,
  names: [],
  writable: [],
  loops: [],
  labels: [],
  breakable: false,
  closures: [],
  yields: false,
  nested: 0,
};

class Writer {
  private state: number;
  private last = 0;
  private budget = 40;
  private asynchronous = false;
  private cancellable = true;
  private mayBeAsync = false;

  constructor(seed: number) {
    this.state = (seed * 2654435761 + 12345) >>> 0;
  }

  private random(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  private chance(of: number): boolean {
    return this.random() < of;
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  private fresh(prefix: string): string {
    return `${prefix}${++this.last}`;
  }

  body(): RandomBody {
    // Most bodies are ones that a plain generator can do as well.
    this.mayBeAsync = this.chance(0.25);
    const generator = this.chance(0.35);
    const text = this.block({ ...OUTERMOST, yields: generator }, 3 + Math.floor(this.random() * 5));
    return {
      source: `async ${generator ? 'function* (log, wait, fail, env)' : '(log, wait, fail, env) =>'} ${text}`,
      asynchronous: this.asynchronous,
      cancellable: this.cancellable,
      generator,
    };
  }

  private block(place: Place, count: number): string {
    let inner: Place = { ...place, depth: place.depth + 1 };
    const lines: string[] = [];
    for (let at = 0; at < count; at++) {
      const [line, next] = this.statement(inner);
      lines.push(line);
      inner = { ...next, depth: inner.depth, loops: inner.loops, labels: inner.labels, breakable: inner.breakable };
    }
    if (inner.closures.length > place.closures.length) lines.push(`log(${this.pick(inner.closures)}());`);
    return `{\n${lines.join('\n')}\n}`;
  }

  private statement(place: Place): [string, Place] {
    const compound = place.depth < 5 && --this.budget > 0;
    const kind = this.random();
    if (!compound || kind < 0.42) return this.simple(place);
    if (kind < 0.5)
      return [
        `if (${this.expression(place, 2)}) ${this.block(place, 2)}${this.chance(0.5) ? ` else ${this.block(place, 2)}` : ''}`,
        place,
      ];
    if (kind < 0.68) return [this.try(place), place];
    if (kind < 0.86) return [this.loop(place), place];
    if (kind < 0.91) return [this.switch(place), place];
    if (kind < 0.95) {
      const label = this.fresh('L');
      return [`${label}: ${this.block({ ...place, labels: [...place.labels, label] }, 3)}`, place];
    }
    if (kind < 0.975) return [this.using(place), place];
    return [place.nested < 2 ? this.coroutine(place) : this.using(place), place];
  }

  /** A marked function in the marked function, and its calls. */
  private coroutine(place: Place): string {
    const [name, parameter] = [this.fresh('c'), this.fresh('p')];
    const generator = this.chance(0.3);
    const inner: Place = {
      ...OUTERMOST,
      depth: place.depth + 1,
      names: [...place.names, parameter],
      writable: [...place.writable, parameter],
      nested: place.nested + 1,
    };
    const head = `const ${name} = coroutine(async `;
    const given = (): string => (this.chance(0.5) ? `${name}(${this.expression(place, 1)})` : `${name}(1)`);
    if (!generator) {
      const text = this.block(inner, 3);
      return `${head}(${parameter}) => ${text});\nlog(await ${given()}, ${this.chance(0.5) ? `await ${given()}` : 0});`;
    }
    // What the model does when a loop over a stream of its own is cancelled is not known.
    this.cancellable = false;
    const text = this.block({ ...inner, yields: true }, 3);
    const value = this.fresh('i');
    const loop = this.fresh('L');
    // A stream ends without a value, a generator with one.
    const use =
      place.yields && this.chance(0.5)
        ? `yield* ${given()};`
        : `${loop}: for await (const ${value} of ${given()}) ${this.block({ ...place, names: [...place.names, value], loops: [...place.loops, loop], breakable: true }, 2)}`;
    return `${head}function* (${parameter}) ${text});\n${use}`;
  }

  private simple(place: Place): [string, Place] {
    const kind = this.random();
    if (kind < 0.22) {
      const name = this.fresh('v');
      const constant = this.chance(0.4);
      return [
        `${constant ? 'const' : this.chance(0.2) ? 'var' : 'let'} ${name} = ${this.expression(place, 3)};`,
        { ...place, names: [...place.names, name], writable: constant ? place.writable : [...place.writable, name] },
      ];
    }
    if (kind < 0.3) {
      const [a, b, c] = [this.fresh('d'), this.fresh('d'), this.fresh('d')];
      const pattern = this.pick([
        () =>
          `[${a}, ${b} = ${this.expression(place, 2)}, ...${c}] = [${this.expression(place, 2)}, ${this.chance(0.5) ? 'undefined' : 1}, 7]`,
        () =>
          `{ a: ${a}, [${this.expression(place, 1)}]: ${b} = ${this.expression(place, 2)}, ...${c} } = { a: ${this.expression(place, 2)}, z: 3 }`,
        () =>
          `{ a: [${a} = ${this.expression(place, 2)}] = [], b: ${b}, c: { ${c} = () => 1 } = {} } = { b: ${this.expression(place, 1)} }`,
      ])();
      return [
        `let ${pattern};`,
        { ...place, names: [...place.names, a, b, c], writable: [...place.writable, a, b, c] },
      ];
    }
    if (kind < 0.4 && place.writable.length > 0) {
      const name = this.pick(place.writable);
      const operator = this.pick(['=', '+=', '??=', '||=', '&&=', '-=']);
      return [`${name} ${operator} ${this.expression(place, 3)};`, place];
    }
    if (kind < 0.46 && place.names.length > 0) {
      const name = this.fresh('f');
      return [
        `const ${name} = () => [${place.names.slice(-3).join(', ')}];`,
        { ...place, closures: [...place.closures, name] },
      ];
    }
    if (kind < 0.5) {
      const name = this.fresh('g');
      return [
        `function ${name}(x) { return x === undefined ? '${name}' : x; }`,
        { ...place, closures: [...place.closures, name] },
      ];
    }
    if (kind < 0.57 && place.loops.length > 0)
      return [
        `if (${this.expression(place, 1)}) ${this.chance(0.5) ? 'break' : 'continue'}${this.chance(0.5) ? ` ${this.pick(place.loops)}` : ''};`,
        place,
      ];
    if (kind < 0.59 && place.labels.length > 0)
      return [`if (${this.expression(place, 1)}) break ${this.pick(place.labels)};`, place];
    if (kind < 0.63) return [`if (${this.expression(place, 1)}) return ${this.expression(place, 2)};`, place];
    if (kind < 0.68) return [`if (${this.expression(place, 1)}) throw new Error('e${++this.last}');`, place];
    if (kind < 0.72) return [`if (${this.expression(place, 1)}) await fail(new Error('r${++this.last}'));`, place];
    if (place.yields && kind < 0.8) return [this.yield(place), place];
    if (kind < 0.82) return [`await wait(${++this.last});`, place];
    return [`log(${this.expression(place, 3)});`, place];
  }

  private yield(place: Place): string {
    const kind = this.random();
    if (kind < 0.6) return `yield ${this.expression(place, 2)};`;
    if (kind < 0.7) return `log(yield ${this.expression(place, 1)}, yield);`;
    if (this.mayBeAsync && kind < 0.8) {
      this.asynchronous = true;
      return `yield* env.stream(log, 2);`;
    }
    return `yield* ${this.pick([`[1, ${this.expression(place, 1)}]`, `env.items(log, 2)`, `[wait(1), fail(new Error('y'))]`, `''`])};`;
  }

  private try(place: Place): string {
    const shape = this.random();
    const error = this.fresh('e');
    const handler = this.chance(0.3)
      ? `catch ${this.block(place, 2)}`
      : `catch (${error}) ${this.block({ ...place, names: [...place.names, error] }, 2)}`;
    // Nobody takes what a loop's iterator yields while it is closed: native code would leave it there.
    const finalizer = `finally ${this.block({ ...place, yields: place.yields && place.nested === 0 }, 2)}`;
    const body = this.block(place, 3);
    if (shape < 0.35) return `try ${body} ${handler}`;
    return shape < 0.6 ? `try ${body} ${finalizer}` : `try ${body} ${handler} ${finalizer}`;
  }

  private loop(place: Place): string {
    const label = this.fresh('L');
    const name = this.fresh('i');
    const inner: Place = { ...place, loops: [...place.loops, label], breakable: true };
    const named: Place = { ...inner, names: [...place.names, name] };
    const kind = this.random();
    if (kind < 0.3)
      return `${label}: for (let ${name} = 0; ${name} < ${this.chance(0.2) ? 'await wait(2)' : 2}; ${name}${this.chance(0.2) ? ' += await wait(1)' : '++'}) ${this.block(named, 3)}`;
    if (kind < 0.45) {
      const limit = this.fresh('n');
      return `let ${limit} = 0;\n${label}: while (${limit}++ < ${this.chance(0.4) ? 'await wait(2)' : 2}) ${this.block(inner, 3)}`;
    }
    if (kind < 0.55) {
      const limit = this.fresh('n');
      return `let ${limit} = 0;\n${label}: do ${this.block(inner, 3)} while (++${limit} < ${this.chance(0.4) ? 'await wait(2)' : 2});`;
    }
    if (kind < 0.62)
      return `${label}: for (const ${name} in { p: 1, q: ${this.expression(place, 1)} }) ${this.block(named, 3)}`;
    if (kind < 0.72 && this.mayBeAsync) {
      this.asynchronous = true;
      const source = this.pick([`[1, wait(2)]`, `env.stream(log, 2)`, `[1, 2]`]);
      if (source.includes('wait')) this.cancellable = false;
      return `${label}: for await (const ${name} of ${source}) ${this.block(named, 3)}`;
    }
    const source = this.pick([`[1, 2]`, `env.items(log, 2)`, `env.items(log, await wait(3))`]);
    const left = this.chance(0.3) ? `[${name} = ${this.expression(place, 2)}]` : name;
    const iterable = left === name ? source : `[[1], [], ${source}]`;
    return `${label}: for (${this.pick(['const', 'let'])} ${left} of ${iterable}) ${this.block(named, 3)}`;
  }

  private switch(place: Place): string {
    const cases = [0, 1, 2].map((at) => {
      const test = at === 1 && this.chance(0.5) ? 'default' : `case ${this.chance(0.3) ? `await wait(${at})` : at}`;
      return `${test}: ${this.block({ ...place, breakable: true }, 2)}${this.chance(0.5) ? ' break;' : ''}`;
    });
    return `switch (${this.expression(place, 2)}) { ${cases.join('\n')} }`;
  }

  private using(place: Place): string {
    const name = this.fresh('u');
    const asynchronous = this.mayBeAsync && this.chance(0.5);
    if (asynchronous) this.asynchronous = true;
    const kind = asynchronous ? 'await using' : 'using';
    const resource = `env.resource(log, '${name}', ${this.chance(0.2)}, ${asynchronous && this.chance(0.7)})`;
    const inner = this.block({ ...place, names: place.names }, 3);
    return `{ ${kind} ${name} = ${this.chance(0.3) ? `await wait(${resource})` : resource};\n${inner} }`;
  }

  private expression(place: Place, depth: number): string {
    if (depth <= 0 || this.chance(0.25)) return this.atom(place);
    const sub = (): string => this.expression(place, depth - 1);
    return this.pick([
      () => `await wait(${sub()})`,
      () => (place.yields ? `(yield ${sub()})` : `await wait(${sub()})`),
      () => `(await wait(${sub()}))`,
      () => `(${sub()} + ${sub()})`,
      () => `(${sub()} ${this.pick(['&&', '||'])} ${sub()})`,
      () => `(${sub()} ?? ${sub()})`,
      () => `(${sub()} ? ${sub()} : ${sub()})`,
      () => `[${sub()}, ...[${sub()}], ${sub()}]`,
      () => `({ a: ${sub()}, [${sub()}]: ${sub()}, ...{ s: ${sub()} } })`,
      () => `\`\${${sub()}}-\${${sub()}}\``,
      () => `env.call(log, ${sub()}, ${sub()})`,
      () => `env.object.method(log, ${sub()}, ...[${sub()}])`,
      () => `env?.[${sub()}]?.x(${sub()})`,
      () => `env.object?.method(log, ${sub()})`,
      () => `(log('s'), ${sub()})`,
      () => `new env.Pair(${sub()}, ${sub()}).sum`,
      () => `env.tag\`a\${${sub()}}b\${${sub()}}\``,
      () => `typeof ${sub()}`,
      () => `!${this.atom(place)}`,
      () => `(env.object.slot ${this.pick(['=', '+=', '??='])} ${sub()})`,
      () => `(env.object[${sub()}] = ${sub()})`,
      () => `((x) => x)(${sub()})`,
      () => (place.writable.length > 0 ? `(${this.pick(place.writable)} = ${sub()})` : sub()),
    ])();
  }

  private atom(place: Place): string {
    const kind = this.random();
    if (kind < 0.4 && place.names.length > 0) return this.pick(place.names);
    if (kind < 0.5) return `env.get(log, ${++this.last})`;
    if (kind < 0.6) return this.pick(['undefined', 'null', "''"]);
    return String(Math.floor(this.random() * 4));
  }
}

/** What the bodies call; a new one for each run. */
export function environment(wrap: (value: unknown) => unknown): object {
  return {
    get: (log: (...what: unknown[]) => void, value: unknown) => {
      log('get', value);
      return value;
    },
    call: (log: (...what: unknown[]) => void, a: unknown, b: unknown) => {
      log('call', a, b);
      return b;
    },
    object: {
      slot: 0,
      method(this: { slot: unknown }, log: (...what: unknown[]) => void, ...values: unknown[]) {
        log('method', typeof this.slot, values);
        return values[0];
      },
    },
    Pair: class {
      sum: string;
      constructor(a: unknown, b: unknown) {
        this.sum = `${typeof a}+${typeof b}`;
      }
    },
    tag: (strings: readonly string[], ...values: unknown[]) => `${strings.join('|')}${values.length}`,
    *items(log: (...what: unknown[]) => void, count: unknown) {
      try {
        for (let at = 0; at < (count as number); at++) yield at;
      } finally {
        log('items closed');
      }
    },
    stream: (log: (...what: unknown[]) => void, count: number) => ({
      [Symbol.asyncIterator]() {
        let at = 0;
        return {
          next: () => wrap({ done: at >= count, value: at++ }),
          return: () => {
            log('stream closed');
            return wrap({ done: true });
          },
        };
      },
    }),
    resource: (log: (...what: unknown[]) => void, name: string, fails: boolean, asynchronous: boolean) => ({
      [asynchronous ? Symbol.asyncDispose : Symbol.dispose]() {
        log('dispose', name);
        if (fails) throw new Error(`dispose ${name}`);
        return wrap(undefined);
      },
    }),
  };
}
