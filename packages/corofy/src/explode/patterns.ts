/**
 * Assignment to names, members and patterns.
 *
 * What must hold: a pattern without an await is left to JavaScript. One with an await in a default or a key is taken apart: each value is
 * taken, given its default and assigned before the next, and the iterator of an array pattern is closed when that fails.
 */
import { THREW } from '../machine/jumps.ts';
import type { Unit } from '../machine/unit.ts';
import type { Rope } from '../output/rope.ts';
import { bare, isAnonymous, nameGivenBy, type Node } from '../syntax/node.ts';
import { explode, member } from './expressions.ts';
import { NamedValue, unnamed } from './naming.ts';
import { guarded } from './try.ts';

/** Assigns the value to what a declaration, a loop's head or an assignment has on its left side. */
export function assign(unit: Unit, target: Node, value: Rope, node: Node): void {
  const pattern = bare(target);
  if (unit.has(pattern)) {
    takeApart(unit, pattern, value, node);
    return;
  }
  if (pattern.type === 'Identifier') {
    const use = unit.copier.lifted(pattern);
    if (use === null || use.access === 'declare')
      unit.emit([...unit.copier.pattern(pattern), ' = ', ...value, ';'], node);
    else unit.emit([...unit.copier.write(use, value), ';'], node);
    return;
  }
  const rope = unit.copier.pattern(pattern);
  unit.emit(
    pattern.type === 'ObjectPattern' ? ['(', ...rope, ' = ', ...value, ');'] : [...rope, ' = ', ...value, ';'],
    node,
  );
}

function takeApart(unit: Unit, pattern: Node, value: Rope, node: Node): void {
  if (pattern.type === 'ObjectPattern') {
    const source = unit.save([`${unit.use('destructurable')}(`, ...value, ')'], node);
    const keys: string[] = [];
    for (const property of pattern.properties) {
      if (property.type === 'RestElement') {
        element(unit, property.argument, [`${unit.use('restOf')}(${source}, [${keys.join(', ')}])`]);
        continue;
      }
      const { key } = property;
      let written: string;
      if (property.computed) written = unit.save([`${unit.use('propertyKey')}(`, ...explode(unit, key).rope, ')'], key);
      else if (key.type === 'Identifier') written = JSON.stringify(key.name);
      else written = JSON.stringify(String((key as { readonly value?: unknown }).value));
      keys.push(written);
      element(unit, property.value, [`${source}[${written}]`]);
    }
  } else if (pattern.type === 'ArrayPattern') {
    const iterator = unit.save([`${unit.use('iterate')}(`, ...value, ')'], node);
    guarded(unit, {
      node: pattern,
      about: 'closing of the iterator',
      body() {
        for (const one of pattern.elements) {
          if (one === null) unit.emit([`${iterator}.element();`], node);
          else if (one.type === 'RestElement') element(unit, one.argument, [`${iterator}.rest()`]);
          else element(unit, one, [`${iterator}.element()`]);
        }
      },
      cleanup({ completion }) {
        unit.emit(
          [`if (${unit.slot(completion)} === ${THREW}) ${iterator}.closeQuietly(); else ${iterator}.close();`],
          node,
        );
      },
    });
  } else if (pattern.type === 'MemberExpression') unit.emit([...member(unit, pattern).write(value), ';'], node);
  else assign(unit, pattern, value, node);
}

/** One value of a pattern, with its default. */
function element(unit: Unit, target: Node, value: Rope): void {
  unit.scratch(() => {
    const left = target.type === 'AssignmentPattern' ? target.left : target;
    const inner = bare(left);
    // What is assigned to is looked up before the value is.
    const place = inner.type === 'MemberExpression' ? member(unit, inner) : null;
    const taken = unit.save(value, target);
    if (target.type === 'AssignmentPattern') {
      const given = unit.label('after the default', target);
      const { right } = target;
      unit.goIf([`${taken} !== undefined`], given, target);
      unit.scratch(() => {
        const { rope } = explode(unit, right);
        const given = isAnonymous(right) ? nameGivenBy(target) : null;
        const named: Rope = given === null ? unnamed(right, rope) : [new NamedValue([taken], given, rope)];
        unit.emit([`${taken} = `, ...named, ';'], right);
      });
      unit.code.mark(given);
    }
    if (place === null) assign(unit, left, [taken], target);
    else unit.emit([...place.write([taken]), ';'], target);
  });
}
