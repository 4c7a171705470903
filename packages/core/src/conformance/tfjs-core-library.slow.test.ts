import { it } from 'vitest';
import { anyLibrary } from '../../test/native-library.ts';
import { expectTheirTestsPass } from '../../test/tfjs-core/expect-passed.ts';

const library = anyLibrary();
const title = 'tfjs-core: its own tests pass on simd with products by a native library';

if (library === undefined) it.skip(`${title} (no library, and no koffi or compiler to make one)`);
else it(title, { timeout: 300_000 }, () => expectTheirTestsPass(library));
