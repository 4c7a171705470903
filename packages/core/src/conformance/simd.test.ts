import { conformanceSuite } from '../../test/conformance/suite.ts';

// On one thread; its variants in the files beside this run parts of it on several.
await conformanceSuite('simd');
