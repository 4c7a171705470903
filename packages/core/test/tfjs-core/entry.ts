// The program that `run.ts` bundles: a backend, then the tests.
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { registerSimdBackend } from '../../src/backends/simd/index.ts';

const backend = process.env.SEQREC_TESTED_BACKEND as string;
const blas = process.env.SEQREC_TESTED_LIBRARY || undefined;
// Registered once: the suite resets the engine between groups and gets the same backend again.
if (backend === 'simd') await registerSimdBackend({ threads: 2, ...(blas && { blas, blasFrom: 1 }) });
setTestEnvs([{ name: backend, backendName: backend, isDataSync: true }]);
await import('@tensorflow/tfjs-core/dist/tests.js');
