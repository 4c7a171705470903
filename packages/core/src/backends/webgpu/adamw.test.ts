import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, it } from 'vitest';
import { probe } from '../../../test/conformance/backends.ts';
import { checkAssignRows, checkRowwiseAdamW } from '../../../test/conformance/rowwise-adamw-check.ts';

const { absent } = await probe('webgpu');

// In the unit tests as well: these programs compile in no time, those of attention do not.
describe.skipIf(absent !== undefined)(absent === undefined ? 'on a device' : `on a device (absent: ${absent})`, () => {
  beforeAll(async () => {
    await tf.setBackend('webgpu');
  });
  it('row-wise AdamW', checkRowwiseAdamW);
  it('assignRows', checkAssignRows);
});
