/** `pawl serve`, in child processes: it listens, logs, starts again, and stops without losing a request. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { pawl } from './support/command.ts';

const program = (name: string): string => join(import.meta.dirname, 'programs', `${name}.ts`);
const LISTENING = /^listening on (http:\/\/127\.0\.0\.1:\d+)$/;

describe('pawl serve', () => {
  test('serves the fetch handler of a default export, logs requests, and ends by a signal', async () => {
    const texts: string[] = [];
    const { code, stdout, stderr } = await pawl(['serve', '--port', '0', '--log', program('app')], {
      async onLine(line, kill) {
        const url = LISTENING.exec(line)?.[1];
        if (url === undefined) return;
        texts.push(await (await fetch(`${url}/tea`)).text());
        kill('SIGTERM');
      },
    });
    assert.equal(stderr, '');
    assert.deepEqual(texts, ['you asked for /tea']);
    assert.match(stdout, /^\d{4}-\d\d-\d\dT[\d:.]+Z GET \/tea 200 \d+ B [\d.]+ ms$/m);
    assert.equal(code, 143);
  });

  for (const threads of ['1', '2'])
    test(`takes what a program says of its server, on ${threads} threads, and refuses what is none of it`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'pawl-serve-'));
      try {
        writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
        const file = join(folder, 'app.js');
        const app = 'export const fetch = () => new Promise(() => {});\nexport const serveOptions = ';
        writeFileSync(file, `${app}{ timeouts: { request: 1 } };\n`);
        const seen: number[] = [];
        const { code } = await pawl(['serve', '--port', '0', '--threads', threads, file], {
          async onLine(line, kill) {
            const url = LISTENING.exec(line)?.[1];
            if (url === undefined) return;
            seen.push((await fetch(url)).status);
            kill('SIGTERM');
          },
        });
        assert.deepEqual([seen, code], [[503], 143]);
        writeFileSync(file, `${app}{ port: 1 };\n`);
        const wrong = await pawl(['serve', '--port', '0', '--threads', threads, file]);
        assert.equal(wrong.code, 1);
        assert.match(wrong.stderr, /serveOptions with `port`: what it may say is/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

  test('answers what is under way before it ends', async () => {
    let answer: Promise<Response> | undefined;
    const { code } = await pawl(['serve', '--port', '0', '--log', program('app')], {
      async onLine(line, kill) {
        const url = LISTENING.exec(line)?.[1];
        if (url === undefined) return;
        answer = fetch(`${url}/slow`);
        // Once this is answered, the other one has come too: it was sent before.
        await (await fetch(`${url}/tea`)).text();
        kill('SIGINT');
      },
    });
    assert.equal(await (await (answer as Promise<Response>)).text(), 'you asked for /slow');
    assert.equal(code, 130);
  });

  test('--threads serves on several threads, which share the port and answer what is under way before they end', async () => {
    const texts = new Set<string>();
    let slow: Promise<Response> | undefined;
    const { code, stdout, stderr } = await pawl(['serve', '--port', '0', '--threads', '2', program('threads-app')], {
      async onLine(line, kill) {
        const url = LISTENING.exec(line)?.[1];
        if (url === undefined) return;
        // A connection each: the system spreads them.
        const ask = async (path: string): Promise<Response> => fetch(url + path, { headers: { connection: 'close' } });
        while (texts.size < 2) texts.add(await (await ask('/')).text());
        slow = ask('/slow');
        let inside = '';
        while (inside !== '1') inside = await (await ask('/inside')).text();
        kill('SIGTERM');
      },
    });
    assert.equal(stderr.replaceAll(/.*SLOW_POLL.*\n.*\n/g, ''), '');
    assert.deepEqual([...texts].sort(), ['thread 0', 'thread 1']);
    assert.match(await (await (slow as Promise<Response>)).text(), /^thread \d slowly$/);
    assert.equal(stdout.match(/listening/g)?.length, 1);
    assert.equal(code, 143);
  });

  test('--watch starts again when a file of the program changes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pawl-watch-'));
    try {
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      const word = (text: string): void => writeFileSync(join(folder, 'word.js'), `export const word = '${text}';\n`);
      word('before');
      writeFileSync(
        join(folder, 'app.js'),
        "import { word } from './word.js';\nexport const fetch = () => new Response(word);\n",
      );
      const seen: string[] = [];
      const { code } = await pawl(['serve', '--watch', '--port', '0', join(folder, 'app.js')], {
        async onLine(line, kill) {
          const url = LISTENING.exec(line)?.[1];
          if (url === undefined) return;
          seen.push(await (await fetch(url)).text());
          if (seen.length === 1) word('after');
          else kill('SIGTERM');
        },
      });
      assert.deepEqual(seen, ['before', 'after']);
      assert.equal(code, 143);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  const wrong: [string[], RegExp, number][] = [
    [['serve'], /serve needs a program/, 2],
    [['serve', '--port', '70000', 'x.ts'], /port must be a whole number up to 65535, got "70000"/, 2],
    [['serve', '--threads', '0', 'x.ts'], /threads must be a whole number from 1 to 1024, got "0"/, 2],
    [['serve', '--threads', '2', 'nowhere.ts'], /^pawl: there is no file nowhere\.ts[^\n]*\n$/, 1],
    [['serve', '--fast', 'x.ts'], /Unknown option '--fast'/, 2],
    [['serve', 'nowhere.ts'], /there is no file nowhere\.ts/, 1],
    [['serve', program('greet')], /exports no function `fetch`/, 1],
  ];
  for (const [args, message, status] of wrong) {
    test(`"pawl ${args
      .slice(0, 3)
      .join(' ')
      .replace(import.meta.dirname, '…')}" says what is wrong`, async () => {
      const { code, stderr } = await pawl(args, { env: { PORT: '0' } });
      assert.match(stderr, message);
      assert.equal(code, status);
    });
  }
});
