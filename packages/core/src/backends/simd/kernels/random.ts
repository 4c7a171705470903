import { Dropout, type DropoutAttrs, UniformIntegers, type UniformIntegersAttrs } from '../../kernel-names.ts';
import { KERNEL } from '../kernels.ts';
import { CHUNK, override, sizeOf } from './support.ts';

/** `floor(rate * 2^32)`: a word below it drops the element. */
export function dropThreshold(rate: number): number {
  return Math.floor(rate * 2 ** 32);
}

export function registerRandom(name: string): void {
  override(name, Dropout, ({ x }, backend, attrs) => {
    const { rate, k0, k1, step } = attrs as unknown as DropoutAttrs;
    const n = sizeOf(x);
    const from = backend.address(x);
    const y = backend.output(x.shape);
    const ints = [from, y.address, n, CHUNK, dropThreshold(rate), 0, k0, k1, step];
    backend.pool.run(KERNEL.dropout, Math.ceil(n / CHUNK), ints, { 5: 1 / (1 - rate) });
    return y.info;
  });
  override(name, UniformIntegers, (_, backend, attrs) => {
    const { count, low, bound, k0, k1, step } = attrs as unknown as UniformIntegersAttrs;
    const y = backend.output([count], 'int32');
    backend.pool.run(KERNEL.uniformIntegers, Math.ceil(count / CHUNK), [
      y.address,
      count,
      CHUNK,
      low,
      bound,
      k0,
      k1,
      step,
    ]);
    return y.info;
  });
}
