import { scaleRuns } from '../../test/conformance/arbitraries.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';

// simd.test.ts draws all of them, and new seeds run in simd-new-seeds.slow.test.ts.
scaleRuns(0.5);
await conformanceSuite('wasm');
