import { scaleRuns } from '../../test/conformance/arbitraries.ts';
import { simdVariants } from '../../test/conformance/simd-variants.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';

// simd.test.ts draws all of them; each variant has edges of its own, more of them in simd-all-edges.slow.test.ts.
scaleRuns(0.1);
for (const [i, variant] of simdVariants.entries())
  await conformanceSuite('simd', variant, { step: 20, first: 4 * i + 1 });
