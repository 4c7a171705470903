import { engine, type TensorInfo } from '@tensorflow/tfjs-core';
import type { SimdBackend } from '../backend.ts';
import { type PackedOperand, packB, packedBytes } from './mat-mul.ts';

/** Up to so many rows packing a weight takes longer than its product. */
const FEW_ROWS = 64;

/**
 * A weight packed for a product with some rows, or as it lies for a native library, while `use` hands over its kernels.
 * For few rows outside training it stays with the weight until that is written: a service then reads the weight once a
 * request instead of three times.
 */
export function withPacked(
  backend: SimdBackend,
  w: TensorInfo,
  {
    rows,
    k,
    n,
    transposed,
    library,
  }: Pick<PackedOperand, 'k' | 'n' | 'transposed'> & {
    readonly rows: number;
    readonly library: 0 | 1;
  },
  use: (packed: number) => void,
): void {
  const from = backend.address(w);
  if (library === 1) {
    use(from);
    return;
  }
  const bytes = packedBytes(k, n);
  if (rows > FEW_ROWS || engine().state.gradientDepth > 0) {
    backend.withTemporaries([bytes], 'a packed weight', (packed) => {
      packB(backend, { from, to: packed, k, n, transposed });
      use(packed);
    });
    return;
  }
  // A reshape shares the data of its weight, and what is attached to that.
  const name = `packed ${k} x ${n}${transposed ? ', transposed' : ''}`;
  const kept = backend.attached(w, name);
  const packed = kept ?? backend.attach(w, bytes, name);
  if (kept === undefined) packB(backend, { from, to: packed, k, n, transposed });
  use(packed);
}
