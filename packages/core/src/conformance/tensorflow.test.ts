import { conformanceSuite } from '../../test/conformance/suite.ts';

await conformanceSuite('tensorflow');
