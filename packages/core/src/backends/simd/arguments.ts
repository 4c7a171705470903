import { KERNEL, type KernelId } from './kernels.ts';
import { LAYOUTS, type Slots } from './layouts.ts';

/** Slots that hold a float, in every layout that has them. */
export const FLOATS = [
  'ALPHA',
  'BETA1',
  'BETA1_REST',
  'BETA2',
  'BETA2_REST',
  'CORRECTION',
  'DECAY',
  'EPSILON',
  'INVERSE',
  'KEEP_SCALE',
  'MAXIMUM',
  'MINIMUM',
  'RATE',
  'SCALE',
  'VALUE',
] as const;

declare const float32: unique symbol;

/** The bits of a float32, as a slot holds them. */
export type Float = number & { readonly [float32]: true };

const words = new Int32Array(2);
const [single, double] = [new Float32Array(words.buffer), new Float64Array(words.buffer)];

/** A float for a slot. */
export function float(x: number): Float {
  single[0] = x;
  return words[0] as Float;
}

/** The halves of a double for two slots, lower half first. */
export function halves(x: number): readonly [number, number] {
  double[0] = x;
  return [words[0], words[1]];
}

/** A value for each slot: addresses and integers as they are, floats by {@link float}; `OUTPUTS` begins a list. */
export type Values<S> = {
  readonly [Name in keyof S]: Name extends 'OUTPUTS'
    ? readonly number[]
    : Name extends (typeof FLOATS)[number]
      ? Float
      : number;
};

type NameOf<K extends KernelId> = {
  [Name in keyof typeof KERNEL]: (typeof KERNEL)[Name] extends K ? Name : never;
}[keyof typeof KERNEL];

/** What a kernel is given: a value for each slot of its layout. */
export type Arguments<K extends KernelId> = Values<(typeof LAYOUTS)[NameOf<K>]>;

/** A layout as lists, which are faster to go through than an object. */
interface Plan {
  readonly names: readonly string[];
  readonly slots: readonly number[];
  /** Slots before the last that no name stands for. */
  readonly unset: readonly number[];
  readonly outputs: number | undefined;
}

function planOf({ OUTPUTS: outputs, ...layout }: Slots): Plan {
  const slots = Object.values(layout);
  const unset = Array.from({ length: Math.max(...slots) }, (_, slot) => slot).filter((slot) => !slots.includes(slot));
  return { names: Object.keys(layout), slots, unset, outputs };
}

const plans: Plan[] = [];
for (const [name, layout] of Object.entries(LAYOUTS)) plans[KERNEL[name as keyof typeof KERNEL]] = planOf(layout);

/** Writes the argument block of a kernel, whose first slot is word `at`; slots without a name become 0. */
export function writeArguments<K extends KernelId>(
  block: Int32Array,
  at: number,
  kernel: K,
  values: Arguments<K>,
): void {
  const { names, slots, unset, outputs } = plans[kernel];
  const given = values as unknown as Readonly<Record<string, number>> & { readonly OUTPUTS: readonly number[] };
  for (let i = 0; i < names.length; i++) block[at + slots[i]] = given[names[i]];
  for (const slot of unset) block[at + slot] = 0;
  if (outputs !== undefined) block.set(given.OUTPUTS, at + outputs);
}

/** Layout of a record in memory, in integers, of which it has `SIZE`. */
export type RecordLayout = Slots & { readonly SIZE: number };

/** Names and places of the integers of layouts: records are made by the thousand. */
const placesOf = new WeakMap<
  RecordLayout,
  { readonly names: readonly string[]; readonly offsets: readonly number[] }
>();

function places(layout: RecordLayout) {
  const known = placesOf.get(layout);
  if (known !== undefined) return known;
  const { SIZE: _, ...own } = layout;
  const made = { names: Object.keys(own), offsets: Object.values(own) as number[] };
  placesOf.set(layout, made);
  return made;
}

/** Writes the integers of a record to `at` on, where zeros are; those without a name stay as they are. */
export function writeRecord<R extends RecordLayout>(
  integers: Int32Array | number[],
  at: number,
  layout: R,
  values: Values<Omit<R, 'SIZE'>>,
): void {
  const { names, offsets } = places(layout);
  const given = values as unknown as Readonly<Record<string, number>>;
  for (let i = 0; i < names.length; i++) integers[at + offsets[i]] = given[names[i]];
}

/** The integers of a record; those without a name are 0. */
export function recordOf<R extends RecordLayout>(layout: R, values: Values<Omit<R, 'SIZE'>>): number[] {
  const integers = new Array<number>(layout.SIZE).fill(0);
  writeRecord(integers, 0, layout, values);
  return integers;
}
