import { isFull } from '../../../../test/part.ts';
import { scaleRuns } from '../../test/conformance/arbitraries.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';

// Composed kernels alone, which are slow here and have no ways of their own by size.
scaleRuns(isFull ? 0.5 : 0.25);
await conformanceSuite('wasm');
