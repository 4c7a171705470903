import { OptionError } from '../errors.ts';
import type { Column } from '../table/column.ts';
import { CROSS, idLists } from './id-lists.ts';
import { dimensions } from './numbers.ts';
import { quantilesOf } from './quantiles.ts';
import type { Encoding, FittedTransform, TransformSpec } from './spec.ts';
import { stepOf } from './step-of.ts';

const OPERATION = 'fitTransform';

/**
 * Fits a transform on some rows of its columns, those of the training part: other rows change nothing of it.
 *
 * @param columns those that `spec` names, in that order.
 * @throws {OptionError} for an encoding that does not go with the kind of a column, or an option out of range
 */
export function fitTransform(
  spec: TransformSpec,
  columns: readonly Column[],
  rows: ArrayLike<number>,
): FittedTransform {
  const encode = encodingOf(spec, columns);
  checkOptions(spec, encode);
  switch (encode) {
    case 'ids':
    case 'words':
      return fitIds(encode, spec, columns, rows);
    case 'hash': {
      const { list } = idLists(spec.columns, columns);
      const buckets = atLeastOne('buckets', spec.buckets ?? 1000);
      return { encode, columns: spec.columns, list, buckets, ...truncation(spec, list) };
    }
    case 'buckets':
      return { encode, columns: spec.columns, bounds: quantileBounds(spec, columns[0], rows) };
    case 'steps':
      return { encode, columns: spec.columns, ...stepsOf(spec, columns[0], rows) };
    default:
      return { encode, columns: spec.columns, ...moments(encode, spec.columns[0], columns[0], rows) };
  }
}

const optionsOf: Readonly<Record<Encoding, readonly (keyof TransformSpec)[]>> = {
  ids: ['minCount', 'maxLength'],
  words: ['minCount', 'maxLength'],
  hash: ['buckets', 'maxLength'],
  buckets: ['buckets'],
  steps: ['width', 'minCount'],
  standardise: [],
  log1p: [],
};

/** @throws {OptionError} for an option of another encoding, which would be ignored */
function checkOptions(spec: TransformSpec, encode: Encoding): void {
  for (const key of ['minCount', 'buckets', 'width', 'maxLength'] as const) {
    if (spec[key] === undefined || optionsOf[encode].includes(key)) continue;
    const options = optionsOf[encode].join(', ') || 'no options';
    throw new OptionError(OPERATION, `expected ${options} with encode ${encode}; got ${key} ${spec[key]}`, { key });
  }
}

/** The encoding asked for, else that of the column's kind. @throws {OptionError} when they do not go together */
function encodingOf({ columns: names, encode }: TransformSpec, columns: readonly Column[]): Encoding {
  const ofIds = columns.every(({ kind }) => kind === 'id' || kind === 'ids');
  if (columns.length > 1 && !ofIds) {
    throw new OptionError(
      OPERATION,
      `expected a cross of two columns of id or ids; got ${names.map((name, i) => `${name} of ${columns[i].kind}`).join(' and ')}`,
      { key: names.join(' x '), hint: 'read numbers as ids to cross them' },
    );
  }
  const fits: readonly Encoding[] = ofIds
    ? ['ids', 'hash']
    : columns[0].kind === 'text'
      ? ['words']
      : ['buckets', 'steps', 'standardise', 'log1p'];
  const chosen = encode ?? fits[0];
  if (fits.includes(chosen)) return chosen;
  throw new OptionError(
    OPERATION,
    `expected encode ${fits.join(', ')} for ${names.join(' x ')}, a column of ${columns[0].kind}; got ${chosen}`,
    { key: names.join(' x ') },
  );
}

function fitIds(
  encode: 'ids' | 'words',
  spec: TransformSpec,
  columns: readonly Column[],
  rows: ArrayLike<number>,
): FittedTransform {
  const minCount = atLeastOne('minCount', spec.minCount ?? 1);
  const lists = idLists(spec.columns, columns);
  const counts = new Map<number, number>();
  const codes: number[] = [];
  for (let i = 0; i < rows.length; i++) {
    codes.length = 0;
    lists.read(rows[i], codes);
    for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  const ids: string[] = [];
  for (const [code, count] of counts) if (count >= minCount) ids.push(lists.text(code));
  // By code units: what the order is must not depend on ids that only the test part has.
  ids.sort((a, b) => (a < b ? -1 : 1));
  return { encode, columns: spec.columns, list: lists.list, ids, ...truncation(spec, lists.list) };
}

function truncation({ maxLength, columns }: TransformSpec, list: boolean): { readonly maxLength?: number } {
  if (maxLength === undefined) return {};
  if (list) return { maxLength: atLeastOne('maxLength', maxLength) };
  throw new OptionError(OPERATION, `expected maxLength of a column of ids; got ${columns.join(CROSS)} of id`, {
    key: 'maxLength',
  });
}

function atLeastOne(key: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value < 2 ** 31 - 2) return value;
  throw new OptionError(OPERATION, `expected ${key} of 1 or more; got ${value}`, { key });
}

function quantileBounds(spec: TransformSpec, column: Column, rows: ArrayLike<number>): number[] {
  const buckets = atLeastOne('buckets', spec.buckets ?? 10);
  checkOneNumber('buckets', spec, column);
  const { at } = dimensions(column);
  return quantilesOf(
    Float64Array.from({ length: rows.length }, (_, i) => at(rows[i], 0)),
    buckets,
  );
}

/** The steps that have a value in the training rows, often enough. */
function stepsOf(
  spec: TransformSpec,
  column: Column,
  rows: ArrayLike<number>,
): { readonly width: number; readonly steps: number[] } {
  const { width = 0 } = spec;
  if (!(width > 0 && Number.isFinite(width))) {
    const got = spec.width === undefined ? 'none' : width;
    throw new OptionError(OPERATION, `expected a width above 0 for steps; got ${got}`, { key: 'width' });
  }
  const minCount = atLeastOne('minCount', spec.minCount ?? 1);
  checkOneNumber('steps', spec, column);
  const of = stepOf(column, width);
  const counts = new Map<number, number>();
  for (let i = 0; i < rows.length; i++) {
    const step = of(rows[i]);
    // JSON has no infinite numbers: they are of no step, as missing ones are.
    if (Number.isFinite(step)) counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  const steps = [...counts.keys()].filter((step) => (counts.get(step) ?? 0) >= minCount);
  return { width, steps: steps.sort((a, b) => a - b) };
}

function checkOneNumber(encode: Encoding, { columns }: TransformSpec, column: Column): void {
  const { width } = dimensions(column);
  if (width === 1) return;
  throw new OptionError(OPERATION, `expected one number a row for ${encode}; got ${width} in ${columns[0]}`, {
    key: columns[0],
    hint: 'use standardise',
  });
}

function moments(
  encode: 'standardise' | 'log1p',
  name: string,
  column: Column,
  rows: ArrayLike<number>,
): { readonly mean: number[]; readonly deviation: number[] } {
  const { width, at } = dimensions(column);
  const [mean, deviation]: [number[], number[]] = [[], []];
  for (let d = 0; d < width; d++) {
    let [count, sum, squares] = [0, 0, 0];
    let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < rows.length; i++) {
        const given = at(rows[i], d);
        if (Number.isNaN(given)) continue;
        if (encode === 'log1p' && given <= -1) {
          throw new OptionError(OPERATION, `expected numbers above -1 for log1p; got ${given} in ${name}`, {
            key: name,
            hint: 'use standardise or buckets',
          });
        }
        const value = encode === 'log1p' ? Math.log1p(given) : given;
        if (pass === 1) squares += (value - mean[d]) ** 2;
        else {
          sum += value;
          count++;
          least = Math.min(least, value);
          most = Math.max(most, value);
        }
      }
      // The mean of one value is that value: what a sum rounds would be all that the column deviates by.
      if (pass === 0) mean.push(count === 0 ? 0 : least === most ? least : sum / count);
    }
    // A column of one value says nothing: it becomes zeros.
    deviation.push(squares > 0 ? Math.sqrt(squares / count) : 1);
  }
  return { mean, deviation };
}
