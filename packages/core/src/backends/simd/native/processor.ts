import { readFileSync } from 'node:fs';

/** What the processor can, as Linux lists it; empty elsewhere. */
export function processorFeatures(): string {
  try {
    return /^flags\s*:.*$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[0] ?? '';
  } catch {
    return '';
  }
}

/**
 * The kernels of OpenBLAS, as `OPENBLAS_CORETYPE` names them, for a processor that can do this; undefined where its
 * oldest ones, `Prescott`, are right.
 */
export function coreTypeFor(features: string): string | undefined {
  if (/\bavx512f\b/.test(features) && /\bavx512bw\b/.test(features) && /\bavx512vl\b/.test(features)) return 'SKYLAKEX';
  return /\bavx2\b/.test(features) && /\bfma\b/.test(features) ? 'HASWELL' : undefined;
}
