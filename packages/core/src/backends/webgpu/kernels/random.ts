import {
  Dropout,
  type DropoutAttrs,
  type StreamAttrs,
  UniformIntegers,
  type UniformIntegersAttrs,
} from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';
import { DROPOUT_UNIFORMS, dropoutValues, STREAM_BLOCK, STREAM_UNIFORMS, streamValues } from './wgsl.ts';

/** A thread makes one block of four words; the first block begins with words that no element has. */
const WORDS = `
  let block = group * ${FLAT_THREADS}u + lane;
  let first = block * 4u;
  let end = u.skipped + u.count;
  if (first >= end) { return; }
  let words = streamBlock(block);
  for (var w = select(0u, u.skipped, block == 0u); w < 4u && first + w < end; w++)`;

/** Workgroups for `count` elements of a stream. */
const groupsOf = (count: number, { first }: StreamAttrs): number => flatGroups(((first % 4) + count) / 4);

const dropout: Program = {
  op: Dropout,
  key: '',
  bindings: bind('x', 'y!'),
  uniforms: uniforms('count', ...DROPOUT_UNIFORMS, ...STREAM_UNIFORMS),
  threads: FLAT_THREADS,
  globals: STREAM_BLOCK,
  body: `${WORDS} {
    let i = first + w - u.skipped;
    y[i] = select(0.0, x[i] * u.keep, words[w] >= u.threshold);
  }`,
};

const integers: Program = {
  op: UniformIntegers,
  key: '',
  bindings: bind('y!: i32'),
  uniforms: uniforms('count', 'low: i32', 'bound', ...STREAM_UNIFORMS),
  threads: FLAT_THREADS,
  globals: STREAM_BLOCK,
  body: `${WORDS} { y[first + w - u.skipped] = u.low + i32(multiplyHigh(words[w], u.bound)); }`,
};

export function registerRandom(name: string): void {
  override<DropoutAttrs>(name, Dropout, ({ x }, backend, attrs) => {
    const y = backend.output(x.shape);
    const count = sizeOf(x);
    const scalars = { count, ...dropoutValues(attrs.rate), ...streamValues(attrs) };
    backend.dispatch(dropout, { tensors: [x, y], uniforms: scalars, groups: groupsOf(count, attrs) });
    return y;
  });
  override<UniformIntegersAttrs>(name, UniformIntegers, (_, backend, attrs) => {
    const { count, low, bound } = attrs;
    const y = backend.output([count], 'int32');
    const scalars = { count, low, bound, ...streamValues(attrs) };
    backend.dispatch(integers, { tensors: [y], uniforms: scalars, groups: groupsOf(count, attrs) });
    return y;
  });
}
