import { ConfigError } from '../../errors.ts';

/** @throws ConfigError when heads do not divide a width. */
export function checkHeads(kind: string, numHeads: number, width: number, what: string): void {
  if (width % numHeads === 0) return;
  throw new ConfigError(
    `model config (${kind}): numHeads: expected a divisor of ${width}, the width of ${what}; got ${numHeads}`,
    'numHeads',
  );
}
