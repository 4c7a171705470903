import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { probe } from '../../../test/conformance/backends.ts';
import { BackendError, DeviceLostError, OutOfMemoryError, useBackend } from '../../index.ts';
import type { SeqrecWebgpuBackend } from './backend.ts';
import { BufferPool } from './buffers.ts';
import { deviceError } from './device-errors.ts';
import { bind, type Program } from './program.ts';

class GPUOutOfMemoryError extends Error {}
class GPUValidationError extends Error {}

describe('without a device', () => {
  it('a buffer that the device has no memory for is told by its program, and free buffers go back', async () => {
    const answers: (Error | null)[] = [null, new GPUOutOfMemoryError('no')];
    const destroyed: number[] = [];
    const device = {
      limits: { maxBufferSize: 4096 },
      createBuffer: ({ size, usage }: { size: number; usage: number }) => ({
        size,
        usage,
        destroy: () => destroyed.push(size),
      }),
      pushErrorScope: () => {},
      popErrorScope: async () => answers.shift()!,
    };
    const told: Error[] = [];
    const failures = { last: 'First', add: (error: Error) => void told.push(error) };
    const pool = new BufferPool(device as unknown as GPUDevice, failures);
    pool.releaseBuffer(pool.acquireBuffer(512, 1));
    failures.last = 'Second';
    pool.acquireBuffer(1024, 1);
    failures.last = 'Third';
    await new Promise((resolve) => setTimeout(resolve));
    expect(told).toHaveLength(1);
    expect(told[0]).toBeInstanceOf(OutOfMemoryError);
    expect(told[0]).toMatchObject({ bytes: 1024 });
    expect(told[0].message).toBe(
      'Second: expected room on the device beside the 1024 bytes in use; got a request for 1024 bytes; lower the batch size or the sequence length',
    );
    expect(destroyed).toEqual([512]);
    expect(() => pool.acquireBuffer(5000, 1)).toThrow(
      'Third: expected a buffer of at most 4096 bytes, the limit of the device; got a request for 5000 bytes; lower the batch size or the sequence length',
    );
  });

  it('what a device says unasked has a type', () => {
    const memory = deviceError(new GPUOutOfMemoryError('full') as unknown as GPUError, 'Softmax');
    expect(memory).toBeInstanceOf(OutOfMemoryError);
    expect(memory.message).toBe(
      'webgpu: expected the device to take the command; got: full; the last program was Softmax; lower the batch size or the sequence length',
    );
    const other = deviceError(new GPUValidationError('wrong') as unknown as GPUError, 'Softmax');
    expect(other).toBeInstanceOf(BackendError);
    expect(other.message).toContain('got: wrong; the last program was Softmax');
  });
});

const { absent } = await probe('webgpu');

describe.skipIf(absent !== undefined)(absent === undefined ? 'on a device' : `on a device (absent: ${absent})`, () => {
  let backend: SeqrecWebgpuBackend;
  const rejections: unknown[] = [];
  const note = (reason: unknown) => void rejections.push(reason);
  const program: Program = { op: 'Ours', key: 'test', bindings: bind('y!'), threads: 1, body: 'y[0] = 1.0;' };
  /** One program of ours and one stock program, read back. */
  const compute = async (): Promise<number> => {
    const y = backend.output([1]);
    backend.dispatch(program, { tensors: [y], groups: 1 });
    const one = tf.engine().makeTensorFromTensorInfo(y);
    const sum = tf.add(one, tf.fill([1], 2));
    const [value] = await sum.data().finally(() => tf.dispose([one, sum]));
    return value;
  };

  beforeEach(async () => {
    process.on('unhandledRejection', note);
    await useBackend('webgpu');
    backend = tf.backend() as SeqrecWebgpuBackend;
  });
  afterAll(async () => {
    process.off('unhandledRejection', note);
    await useBackend('webgpu');
  });

  it('a command that the device refuses is told once, with the next program', async () => {
    backend.device.createBuffer({ size: 16, usage: 0x1 | 0x2 });
    await backend.device.queue.onSubmittedWorkDone();
    await expect(compute()).rejects.toThrow(BackendError);
    expect(await compute()).toBe(3);
  });

  it('memory that runs out within a program is told by its name, and the backend goes on', async () => {
    const { device } = backend;
    const pop = device.popErrorScope;
    device.popErrorScope = async () => {
      device.popErrorScope = pop;
      await device.popErrorScope();
      return new GPUOutOfMemoryError('no memory') as unknown as GPUError;
    };
    const large = tf.fill([1_000_003], 1);
    await expect(large.data()).rejects.toThrow(OutOfMemoryError);
    large.dispose();
    expect(await compute()).toBe(3);
  });

  it.each(['before', 'while', 'after'])(
    'a device that goes away %s a program runs is told by a type, always',
    async (when) => {
      expect(await compute()).toBe(3);
      const lost = backend;
      if (when === 'before') {
        lost.device.destroy();
        await lost.device.lost;
      }
      if (when === 'after') setTimeout(() => lost.device.destroy());
      const pending = compute();
      if (when === 'while') lost.device.destroy();
      if (when !== 'after') await expect(pending).rejects.toThrow(DeviceLostError);
      await Promise.allSettled([pending, lost.device.lost]);
      await expect(compute()).rejects.toThrow(
        /^Ours: expected a working GPU; got a lost device \(destroyed.*\), the last program was \w+; its tensors are gone: call useBackend\('webgpu'\) again, build the model anew and go on from a checkpoint$/,
      );
      // A stock program too; small tensors would be added on the host.
      expect(() => tf.tidy(() => tf.add(tf.ones([2000]), 1))).toThrow(DeviceLostError);
      await expect(lost.finish()).rejects.toThrow(DeviceLostError);

      await useBackend('webgpu');
      backend = tf.backend() as SeqrecWebgpuBackend;
      expect(backend).not.toBe(lost);
      expect(await compute()).toBe(3);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(rejections).toEqual([]);
    },
  );

  it('a backend that was removed starts again', async () => {
    tf.removeBackend('webgpu');
    await useBackend('webgpu');
    backend = tf.backend() as SeqrecWebgpuBackend;
    expect(await compute()).toBe(3);
  });
});
