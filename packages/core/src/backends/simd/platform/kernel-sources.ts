import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { StaleKernelsError } from '../../../errors.ts';

/**
 * Refuses kernels that were compiled from other sources than those beside them: their arguments lie elsewhere, and a
 * kernel that reads the wrong ones may never come back. Of a checkout alone; a published package has no sources.
 *
 * @param simd folder that has `assembly/`, `slots/` and `wasm/`, `script` what compiles one into the other.
 * @throws StaleKernelsError saying how to compile them.
 */
export function checkKernelSources(
  simd: URL = new URL('../', import.meta.url),
  script: URL = new URL('../../../../build-assembly.mjs', import.meta.url),
): void {
  const stamp = new URL('wasm/sources.sha256', simd);
  const sources = new URL('assembly/', simd);
  if (!existsSync(stamp) || !existsSync(sources) || !existsSync(script)) return;
  // As `build-assembly.mjs` makes it.
  const hash = createHash('sha256').update(readFileSync(script));
  for (const folder of [sources, new URL('slots/', simd)]) {
    for (const file of readdirSync(folder).sort()) {
      if (file.endsWith('.ts')) hash.update(file).update(readFileSync(new URL(file, folder)));
    }
  }
  if (hash.digest('hex') === readFileSync(stamp, 'utf8')) return;
  throw new StaleKernelsError(
    'simd: expected kernels compiled from these sources; got those of other sources, from before the last change of the checkout; compile them with `npx -y pnpm@12 install`, or `node packages/core/build-assembly.mjs`',
  );
}
