import { expect, it } from 'vitest';
import { backendLine } from './backend-facts.ts';

it('says what a backend is in one line, without JSON', () => {
  const details = { variant: 'revectorized', threads: 2, maximumBytes: 2 ** 32, rejected: [] };
  expect(backendLine('simd', details)).toBe(
    'simd; variant revectorized; threads 2; maximumBytes 4.0 GiB; rejected none',
  );
  const blas = { library: 'libopenblas.so.0', version: 'OpenBLAS 0.3.21', core: 'SkylakeX', from: 32, rates: [{}] };
  expect(backendLine('simd', { threads: 2, blas })).toBe(
    'simd; threads 2; products by OpenBLAS 0.3.21 (kernels for SkylakeX, from 32 a side on)',
  );
  expect(backendLine('simd', { blas: { missing: 'no library' } })).toBe('simd; blas {"missing":"no library"}');
  expect(backendLine('wasm', {})).toBe('wasm');
});
