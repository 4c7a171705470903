import { scaleRuns } from '../../test/conformance/arbitraries.ts';
import { conformanceSuite } from '../../test/conformance/suite.ts';

// Software Vulkan takes longest for compiling: our attention for seconds, the stock programs of tfjs for many shapes.
scaleRuns(0.4);
await conformanceSuite('webgpu');
