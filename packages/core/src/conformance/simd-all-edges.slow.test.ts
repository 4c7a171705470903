import { simdVariants } from '../../test/conformance/simd-variants.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';

await conformanceSuite('simd');
for (const [i, variant] of simdVariants.entries()) await conformanceSuite('simd', variant, { step: 2, first: i % 2 });
