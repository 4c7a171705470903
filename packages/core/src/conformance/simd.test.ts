import { conformanceSuite } from '../../test/conformance/suite.ts';

// On one thread; its variants run parts of it on several, and simd-all-edges.slow.test.ts all edges.
await conformanceSuite('simd', undefined, { step: 4 });
