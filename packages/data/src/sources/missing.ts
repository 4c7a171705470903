import { decimal, truth } from './plain-number.ts';

/** How programs write that there is no value. */
export const missingMarkers: readonly string[] = ['', 'NA', 'NaN', 'nan', 'null', 'NULL', 'None', '\\N'];

/** What says that there is no value: markers as they are written, and of numbers those that have the value of one. */
export interface MissingRule {
  /** Whether a marker reads as a value: without one, what reads as a value is one. */
  readonly amongValues: boolean;
  /** Whether a field, without blanks around it, is a marker. */
  text(field: string): boolean;
  /** Whether a number is a marker, as a float is kept: `-1.0` is where `-1` is one. */
  number(value: number): boolean;
  /** Whether a field of times is a marker, or the same number written in another way. */
  time(field: string): boolean;
  /** The same of a time that comes as a number. */
  clock(value: number): boolean;
}

export function missingRule(markers: readonly string[] = missingMarkers): MissingRule {
  const known = new Set(['', ...markers.map((marker) => marker.trim())]);
  const longest = Math.max(...Array.from(known, (marker) => marker.length));
  const clocks = new Set(Array.from(known, decimal).filter(Number.isFinite));
  const floats = new Set(Array.from(clocks, Math.fround));
  // Most fields are longer than any marker, and need not be hashed.
  const text = (field: string): boolean => field.length <= longest && known.has(field);
  const clock = (value: number): boolean => clocks.size > 0 && clocks.has(value);
  return {
    amongValues: clocks.size > 0 || Array.from(known, truth).some((value) => value >= 0),
    text,
    number: (value) => floats.size > 0 && floats.has(Math.fround(value)),
    time: (field) => text(field) || (clocks.size > 0 && clock(decimal(field))),
    clock,
  };
}
