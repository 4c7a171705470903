import { Dropout, type DropoutAttrs, UniformIntegers, type UniformIntegersAttrs } from '../../kernel-names.ts';
import { bind, type Program, uniforms } from '../program.ts';
import { FLAT_THREADS, flatGroups, override, sizeOf } from './support.ts';
import { DROPOUT_UNIFORMS, dropoutValues, PHILOX } from './wgsl.ts';

/** A thread makes one block of four words. */
const WORDS = `
  let block = group * ${FLAT_THREADS}u + lane;
  let first = block * 4u;
  if (first >= u.count) { return; }
  let words = philox(vec4<u32>(block, 0u, u.step, 0u), vec2<u32>(u.k0, u.k1));
  for (var w = 0u; w < 4u && first + w < u.count; w++)`;

const dropout: Program = {
  op: Dropout,
  key: '',
  bindings: bind('x', 'y!'),
  uniforms: uniforms('count', ...DROPOUT_UNIFORMS),
  threads: FLAT_THREADS,
  globals: PHILOX,
  body: `${WORDS} { y[first + w] = select(0.0, x[first + w] * u.keep, words[w] >= u.threshold); }`,
};

const integers: Program = {
  op: UniformIntegers,
  key: '',
  bindings: bind('y!: i32'),
  uniforms: uniforms('count', 'low: i32', 'bound', 'k0', 'k1', 'step'),
  threads: FLAT_THREADS,
  globals: PHILOX,
  body: `${WORDS} { y[first + w] = u.low + i32(multiplyHigh(words[w], u.bound)); }`,
};

export function registerRandom(name: string): void {
  override<DropoutAttrs>(name, Dropout, ({ x }, backend, attrs) => {
    const y = backend.output(x.shape);
    const count = sizeOf(x);
    const scalars = { count, ...dropoutValues(attrs) };
    backend.dispatch(dropout, { tensors: [x, y], uniforms: scalars, groups: flatGroups(count / 4) });
    return y;
  });
  override<UniformIntegersAttrs>(name, UniformIntegers, (_, backend, { count, low, bound, k0, k1, step }) => {
    const y = backend.output([count], 'int32');
    const scalars = { count, low, bound, k0, k1, step };
    backend.dispatch(integers, { tensors: [y], uniforms: scalars, groups: flatGroups(count / 4) });
    return y;
  });
}
