// Slots as TypeScript has them, against the sources of the kernels that read them.
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FLOATS } from './arguments.ts';
import { KERNEL } from './kernels.ts';
import { LAYOUTS, type Slots } from './layouts.ts';
import * as DROPOUT_STREAM from './slots/dropout-stream.ts';

/** Words of an argument block. */
const BLOCK = 64;

const layouts = LAYOUTS as Readonly<Record<string, Slots>>;
const floats: readonly string[] = FLOATS;

function sources(folder: string): ReadonlyMap<string, string> {
  const at = new URL(`${folder}/`, import.meta.url);
  const names = readdirSync(at).filter((name) => name.endsWith('.ts'));
  return new Map(names.map((name) => [name.slice(0, -3), readFileSync(new URL(name, at), 'utf8')]));
}

interface Slot {
  readonly kind: 'Address' | 'Integer' | 'Float';
  readonly number: number;
}

/** The slots of a file by name, those without a doc comment that says a kind left out. */
function slotsOf(text: string): ReadonlyMap<string, Slot> {
  const found = text.matchAll(
    /\/\*\*\s+(?:\* )?(Address|Integer|Float): (?:(?!\*\/)[\s\S])*\.\s*\*\/\nexport const (\w+) = (\d+);/g,
  );
  return new Map(
    Array.from(found, ([, kind, name, number]) => [name, { kind: kind as Slot['kind'], number: Number(number) }]),
  );
}

/** Whether a file is the layout of a record in memory, not of an argument block. */
const isRecord = (text: string): boolean => /Integers of a \w+\. \*\/\nexport const SIZE/.test(text);

/** Files that are no layout of an argument block or a record. */
const OTHERS: readonly string[] = ['kernel-numbers', 'control'];
const files = new Map([...sources('slots')].filter(([name]) => !OTHERS.includes(name)));
const slots = new Map([...files].map(([file, text]) => [file, slotsOf(text)]));

describe('slots', () => {
  it.each(Object.entries(layouts))('of %s have numbers of their own', (_, layout) => {
    const numbers = Object.values(layout);
    expect(numbers).toEqual([...new Set(numbers)]);
    expect(numbers.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < BLOCK)).toBe(true);
  });

  it.each([...files])('of %s are constants that say what they hold', (file, text) => {
    const code = text.replace(/\/\*\*[\s\S]*?\*\/|\/\/.*/g, '').trim();
    for (const line of code.split(/\n+/)) expect(line).toMatch(/^export const [A-Z][A-Z0-9_]* = \d+;$/);
    expect(slots.get(file)?.size).toBe(code.split(/\n+/).length - (isRecord(text) ? 1 : 0));
    for (const [name, { kind }] of slots.get(file) ?? []) {
      expect(`${name}: ${kind === 'Float'}`).toBe(`${name}: ${floats.includes(name)}`);
    }
  });

  it('of a stream of dropout lie in a row, from THRESHOLD on', () => {
    const streams = Object.entries(layouts).filter(([, layout]) => 'THRESHOLD' in layout && 'FIRST_LOW' in layout);
    expect(streams.map(([name]) => name)).toContain('dropout');
    for (const [, layout] of streams)
      for (const [name, offset] of Object.entries(DROPOUT_STREAM)) expect(layout[name] - layout.THRESHOLD).toBe(offset);
  });
});

/** A read of the argument block: by `int` or `ptr`, by `flt` or as a vector, or by a function that reads from it on. */
interface Read {
  readonly how: string;
  readonly file: string;
  readonly name: string;
}

interface Body {
  readonly reads: readonly Read[];
  /** Functions that are handed the argument block. */
  readonly calls: readonly string[];
}

const bodies = new Map<string, Body>();
const assembly = sources('assembly');
for (const text of assembly.values()) {
  const imports = importsOf(text);
  for (const [, name, body] of text.matchAll(/^(?:export )?function (\w+)[\s\S]*?\{\n([\s\S]*?)^\}/gm)) {
    const reads = Array.from(body.matchAll(/(\w+)(?:<\w+>)?\(args, (\w+)\.([A-Z]\w*)/g), ([, how, alias, slot]) => {
      return { how, file: imports.get(alias) ?? alias, name: slot };
    });
    bodies.set(name, { reads, calls: Array.from(body.matchAll(/(\w+)(?:<\w+>)?\(args\b/g), ([, callee]) => callee) });
  }
}

/** What a function reads, and those that it hands the argument block to. */
function readsOf(name: string, seen = new Set<string>()): readonly Read[] {
  const body = bodies.get(name);
  if (body === undefined || seen.has(name)) return [];
  seen.add(name);
  return [...body.reads, ...body.calls.flatMap((callee) => readsOf(callee, seen))];
}

/** Files of slots that a source imports, by the names that it gives them. */
function importsOf(text: string): ReadonlyMap<string, string> {
  const found = text.matchAll(/^import \* as (\w+) from '(?:\.|\.\.)\/slots\/([\w-]+)(?:\.ts)?';/gm);
  return new Map(Array.from(found, ([, alias, file]) => [alias, file]));
}

/** The files of slots of which a kernel's layout is made. */
function filesOf(kernel: string): readonly string[] {
  const text = readFileSync(new URL('layouts.ts', import.meta.url), 'utf8');
  const [, layout] = new RegExp(`^  ${kernel}: (.*),$`, 'm').exec(text) ?? ['', ''];
  const imports = importsOf(text);
  return (layout.match(/\w+/g) ?? []).flatMap((alias) => imports.get(alias) ?? []);
}

/** Kernels that are one function, which reads the slots of one of them only. */
const ONE_FUNCTION: readonly (readonly string[])[] = [['hstuBackward', 'softmaxBackward']];

describe('the kernels', () => {
  it('read no slot by its number', () => {
    for (const [file, text] of assembly) expect([file, ...(text.match(/\w+\(args, \d.*/g) ?? [])]).toEqual([file]);
  });

  it.each(Object.keys(KERNEL))('%s reads slots of its own layout, as what they are', (kernel) => {
    const together = ONE_FUNCTION.find((names) => names.includes(kernel)) ?? [kernel];
    const reads = readsOf(kernel);
    expect(reads.length).toBeGreaterThan(0);
    for (const { how, file, name } of reads) {
      const slot = slots.get(file)?.get(name);
      const own = together.some((other) => filesOf(other).includes(file) && layouts[other][name] === slot?.number);
      expect(`${file}/${name}: ${own}`).toBe(`${file}/${name}: true`);
      if (how === 'int' || how === 'ptr') expect(floats).not.toContain(name);
      if (how === 'flt' || how === 'load32_splat') expect(floats).toContain(name);
    }
  });

  it('read every slot', () => {
    const read = new Set([...bodies.values()].flatMap(({ reads }) => reads.map(({ file, name }) => `${file}/${name}`)));
    // Those that follow another, which is read with them.
    const followers = new Set([...Object.keys(DROPOUT_STREAM), 'FACTOR_HIGH']);
    const unread = [...files]
      .filter(([, text]) => !isRecord(text))
      .flatMap(([file]) => [...(slots.get(file)?.keys() ?? [])].map((name) => ({ file, name })))
      .filter(({ file, name }) => !followers.has(name) && !read.has(`${file}/${name}`));
    expect(unread).toEqual([]);
  });
});
