import { KERNEL } from '../kernels.ts';
import { CHUNK, override, runElements, sizeOf } from './support.ts';

/**
 * Casts to a wider type. The stock kernel hands on the same data under another type, which is right for kernels that
 * read numbers one by one, and wrong for ours, which read bits.
 */
export function registerCast(name: string): void {
  override(name, 'Cast', ({ x }, backend, attrs) => {
    if (x.dtype === 'bool' && attrs.dtype === 'int32') {
      const values = backend.view(x);
      const y = backend.output(x.shape, 'int32');
      backend.view(y.info).set(values);
      return y.info;
    }
    if ((x.dtype !== 'bool' && x.dtype !== 'int32') || attrs.dtype !== 'float32') return undefined;
    const from = backend.address(x);
    const y = backend.output(x.shape);
    const n = sizeOf(x);
    const values = { OP: +(x.dtype === 'bool'), X: from, Y: y.address, N: n, PER_TASK: CHUNK };
    runElements(backend, KERNEL.toFloat, n, values);
    return y.info;
  });
}
