import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { array, assert as check, constantFrom, property, string } from 'fast-check';
import { NO_HOSTS, parseHosts } from './hosts.ts';
import { isOurs, NO_NSSWITCH, parseNsswitch } from './nsswitch.ts';
import { candidates, DEFAULTS, parseResolvConf } from './resolv-conf.ts';
import { chooseNames } from './system.ts';

describe('a hosts file', () => {
  it('gives addresses by name, in the order of its lines, and names by address', () => {
    const { addresses, names } = parseHosts(
      [
        '# all of it',
        '127.0.0.1\tlocalhost',
        '::1 LOCALHOST ip6-loopback',
        '10.0.0.1  a.test a # b.test',
        '10.0.0.2 A.',
        '10.0.0.1 a',
      ].join('\r\n'),
    );
    assert.deepEqual(
      [...addresses],
      [
        ['localhost', ['127.0.0.1', '::1']],
        ['ip6-loopback', ['::1']],
        ['a.test', ['10.0.0.1']],
        ['a', ['10.0.0.1', '10.0.0.2']],
      ],
    );
    assert.deepEqual(names.get('10.0.0.1'), ['a.test', 'a']);
  });

  it('may have lines that are none', () => {
    assert.deepEqual(parseHosts('nonsense\n1.2.3 a\n10.0.0.1\n\n # 10.0.0.1 a\n300.0.0.1 a'), NO_HOSTS);
  });
});

describe('a resolv.conf', () => {
  it('says whom to ask, and how', () => {
    const text = [
      '# comment',
      '; comment',
      'nameserver 10.0.0.1',
      'nameserver  ::1 ',
      'nameserver not.numeric',
      'nameserver 10.0.0.3',
      'nameserver 10.0.0.4',
      'domain old.example',
      'search One.example two.example. a..b',
      'options ndots:3 timeout:2 attempts:4 rotate edns0 use-vc unknown:1',
      'sortlist x',
    ].join('\n');
    assert.deepEqual(parseResolvConf(text), {
      servers: ['10.0.0.1', '::1', '10.0.0.3'],
      search: ['one.example', 'two.example'],
      ndots: 3,
      timeout: 2000,
      attempts: 4,
      rotate: true,
      useTcp: true,
    });
    assert.deepEqual(parseResolvConf('search a\ndomain b c').search, ['b']);
  });

  it('that says nothing means the server of this machine', () => {
    for (const text of ['', '\n\n', 'nameserver', 'nameserver x', 'options', 'options ndots: timeout:x attempts:-1'])
      assert.deepEqual(parseResolvConf(text), DEFAULTS, text);
  });

  it('keeps its numbers within what the C library takes', () => {
    const { ndots, timeout, attempts } = parseResolvConf('options ndots:99 timeout:999 attempts:0');
    assert.deepEqual([ndots, timeout, attempts], [15, 30_000, 1]);
  });

  it('of any text is read', () => {
    const word = constantFrom(
      'nameserver',
      'search',
      'domain',
      'options',
      'ndots:',
      'timeout:9',
      '10.0.0.1',
      '#',
      ';',
      ' ',
      '\t',
      '\n',
      'a.b',
      '..',
    );
    check(property(array(word), (words) => void parseResolvConf(words.join(''))));
    check(property(string(), (text) => void parseResolvConf(text)));
  });

  it('makes candidates of a name', () => {
    const conf = { search: ['one.example', 'two.example'], ndots: 2 };
    assert.deepEqual(candidates('a', conf), ['a.one.example', 'a.two.example', 'a']);
    assert.deepEqual(candidates('a.b', conf), ['a.b.one.example', 'a.b.two.example', 'a.b']);
    assert.deepEqual(candidates('a.b.c', conf), ['a.b.c', 'a.b.c.one.example', 'a.b.c.two.example']);
    assert.deepEqual(candidates('a.', conf), ['a']);
    // What would be too long with a domain is asked for without.
    const long = Array.from({ length: 122 }, () => 'a').join('.');
    assert.deepEqual(candidates(long, conf), [long]);
  });
});

describe('an nsswitch.conf', () => {
  it('leaves names to us when it names the hosts file and the domain name system', () => {
    const sources = (text: string): boolean => isOurs(parseNsswitch(text));
    for (const text of [
      '',
      'passwd: files',
      'hosts: files dns',
      'hosts:\tfiles  dns # all',
      '#hosts: mdns\nhosts: files dns',
    ])
      assert.equal(sources(text), true, text);
    const others = [
      'files',
      'dns',
      'dns files',
      'files mdns4_minimal [NOTFOUND=return] dns',
      'files [NOTFOUND=return] dns',
      'files dns myhostname',
      'resolve',
      '',
    ];
    for (const hosts of others) assert.equal(sources(`hosts: ${hosts}`), false, hosts);
    assert.deepEqual(parseNsswitch('nothing of hosts'), NO_NSSWITCH);
  });

  it('is overruled by the environment', () => {
    assert.deepEqual(chooseNames(['resolve'], 'own'), { own: true, why: 'PAWL_NAMES is own' });
    assert.equal(chooseNames(['files', 'dns'], 'system').own, false);
    assert.equal(chooseNames(['files', 'dns'], null).own, true);
    assert.match(chooseNames(['resolve'], null).why, /other places.*resolve/);
  });
});
