import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { expect, test } from 'vitest';
import { compareCurves } from './curve.ts';

const folder = process.env.SEQREC_DATA ?? '';
const absent =
  existsSync(join(folder, 'ml-100k')) || existsSync(join(folder, 'ml-100k.zip'))
    ? await useBackend('webgpu').then(
        () => undefined,
        (error: Error) => error.message,
      )
    : 'SEQREC_DATA does not name a folder with ml-100k';

test.skipIf(absent !== undefined)(
  `webgpu follows the curve of simd on ML-100K${absent === undefined ? '' : ` (absent: ${absent})`}`,
  async () => {
    const request = { recipe: 'ml-100k/hstu', overrides: [], dataFolder: folder, quiet: true };
    const comparison = await compareCurves({ ...request, backend: { backend: 'webgpu' }, steps: 6 });
    expect(comparison.losses).toHaveLength(6);
    expect(comparison.largest).toBeLessThan(1e-5);
  },
);
