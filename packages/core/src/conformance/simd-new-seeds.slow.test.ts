import { randomInt } from 'node:crypto';
import { allowSlack, useSeeds } from '../../test/conformance/arbitraries.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';

// Seeds that nobody has seen; SEQREC_SEED runs one of them again.
if (process.env.SEQREC_SEED === undefined) {
  const seeds = Array.from({ length: 20 }, () => randomInt(2 ** 31));
  process.stdout.write(
    `conformance: drawn seeds ${seeds.join(', ')}; SEQREC_SEED=${seeds[0]} draws those of the first again\n`,
  );
  useSeeds(seeds);
}
allowSlack(4);
// The edges, which have no seed, run in simd-all-edges.slow.test.ts.
await conformanceSuite('simd', undefined, { step: 40 });
