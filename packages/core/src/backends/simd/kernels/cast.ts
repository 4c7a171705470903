import type { DataType } from '@tensorflow/tfjs-core';
import { override } from './support.ts';

const WIDER: Readonly<Record<string, readonly DataType[]>> = { bool: ['int32', 'float32'], int32: ['float32'] };

/**
 * Casts to a wider type. The stock kernel hands on the same data under another type, which is right for kernels that read
 * numbers one by one, and wrong for ours, which read bits.
 */
export function registerCast(name: string): void {
  override(name, 'Cast', ({ x }, backend, attrs) => {
    const dtype = attrs.dtype as 'int32' | 'float32';
    if (!WIDER[x.dtype]?.includes(dtype)) return undefined;
    const values = backend.view(x);
    const y = backend.output([...x.shape], dtype);
    backend.view(y.info).set(values);
    return y.info;
  });
}
