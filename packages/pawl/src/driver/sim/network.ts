/**
 * SimNetwork: the machines of a world, by name and address, and the links between them.
 *
 * What must hold: every two machines have a link in each direction, made at its first use; a machine reaches itself by a link that is
 * fast, keeps everything, and is never cut.
 */
import { isIP } from 'node:net';
import { PawlError } from '../../error/index.ts';
import { Link, type LinkOptions } from './link.ts';
import { type MachineOptions, SimMachine } from './machine.ts';
import type { SimWorld } from './world.ts';

/** Of a local network: half a ms, up to 2 where latency varies. */
const USUAL: LinkOptions = { latency: { min: 0.5, max: 2 } };
const LOOPBACK: LinkOptions = { latency: { min: 0.01, max: 0.05 } };

/** More would not fit 10.0.0.0/8 as it is counted here, nor a link's key. */
const MOST_MACHINES = 65_535;

/** What can be written where a program asks for a host, as in a URL. */
const NAME = /^[\w-]+(\.[\w-]+)*$/;

export class SimNetwork {
  private readonly world: SimWorld;
  private readonly usual: LinkOptions;
  private readonly byName = new Map<string, SimMachine>();
  private readonly byAddress = new Map<string, SimMachine>();
  private readonly links = new Map<number, Link>();

  constructor(world: SimWorld, link: LinkOptions) {
    this.world = world;
    if (typeof link !== 'object' || link === null)
      throw new PawlError('BAD_ARGUMENT', `a link is an object with options, got ${String(link)}`);
    this.usual = { ...USUAL, ...link };
    // A mistake in them shows here, not at the first packet.
    void new Link(world, this.usual, false);
  }

  add(name: string, options: MachineOptions = {}): SimMachine {
    if (typeof name !== 'string' || !NAME.test(name) || name === 'localhost' || isIP(name) !== 0)
      throw new PawlError(
        'BAD_ARGUMENT',
        `a host's name is of letters, digits, dots and hyphens, and no address or localhost, got ${JSON.stringify(name)}`,
      );
    if (this.byName.has(name)) throw new PawlError('BAD_ARGUMENT', `there is a host named "${name}" already`);
    const id = this.byName.size + 1;
    if (id > MOST_MACHINES) throw new PawlError('LIMIT_EXCEEDED', `a world has ${MOST_MACHINES} hosts at the most`);
    const machine = new SimMachine(this.world, name, id, options);
    this.byName.set(name, machine);
    this.byAddress.set(machine.addresses.ipv4, machine);
    this.byAddress.set(machine.addresses.ipv6, machine);
    return machine;
  }

  named(name: string): SimMachine | undefined {
    return this.byName.get(name);
  }

  /** Whose address it is. */
  at(address: string): SimMachine | undefined {
    return this.byAddress.get(address);
  }

  get machines(): Iterable<SimMachine> {
    return this.byName.values();
  }

  /** Every link works. */
  heal(): void {
    for (const link of this.links.values()) link.down = false;
  }

  link(from: SimMachine, to: SimMachine): Link {
    const key = from.id * 0x1_0000 + to.id;
    let link = this.links.get(key);
    if (link === undefined)
      this.links.set(key, (link = new Link(this.world, from === to ? LOOPBACK : this.usual, from === to)));
    return link;
  }
}
