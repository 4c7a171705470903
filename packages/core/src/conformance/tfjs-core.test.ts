import { it } from 'vitest';
import { expectTheirTestsPass } from '../../test/tfjs-core/expect-passed.ts';

it('tfjs-core: its own tests pass on simd, but for those listed', { timeout: 300_000 }, () => expectTheirTestsPass());
