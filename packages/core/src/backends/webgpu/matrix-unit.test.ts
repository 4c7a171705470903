import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShaderError, useBackend } from '../../index.ts';
import type { Call, SeqrecWebgpuBackend } from './backend.ts';
import { hstuMatrices } from './kernels/matrix-attention.ts';
import { matrixProduct } from './kernels/matrix-products.ts';
import { tryAttention, tryProducts } from './kernels/try-matrices.ts';
import { chooseMatrixUnit, MATRIX_FEATURE, type MatrixDevice, matrixDialects } from './matrix-unit.ts';
import { type Program, wgslOf } from './program.ts';

const config = (M: number, N: number, K: number, componentType = 'f16', resultComponentType = 'f32') => ({
  M,
  N,
  K,
  componentType,
  resultComponentType,
});

const nvidia: MatrixDevice = {
  features: ['shader-f16', 'subgroups', MATRIX_FEATURE],
  matrices: [config(16, 8, 16), config(16, 16, 16, 'f16', 'f16'), config(16, 16, 16), config(16, 16, 32, 'i8', 'i32')],
  language: ['subgroup_id'],
  widestSubgroup: 32,
  workgroupThreads: 1024,
  workgroupBytes: 49_152,
};

describe('the choice', () => {
  it('is the largest with operands in float16 and sums in float32', () => {
    expect(chooseMatrixUnit(nvidia)).toEqual({ M: 16, N: 16, K: 16, threads: 128 });
    const matrices = [config(8, 8, 8), config(8, 16, 16), config(64, 64, 64), config(12, 8, 8)];
    expect(chooseMatrixUnit({ ...nvidia, matrices, widestSubgroup: 64 })).toEqual({ M: 8, N: 16, K: 16, threads: 256 });
  });

  it.each<[string, Partial<MatrixDevice>]>([
    [`no shader-f16, ${MATRIX_FEATURE}`, { features: ['subgroups'] }],
    ['no subgroup_id in WGSL', { language: [] }],
    ['no matrices of float16 with sums in float32 that divide 32', { matrices: [config(8, 8, 8, 'f32')] }],
    ['no workgroups of 512 threads', { widestSubgroup: 128, workgroupThreads: 256 }],
    ['no 26624 bytes of workgroup memory', { workgroupBytes: 16_384 }],
  ])('is none: %s', (why, device) => {
    expect(chooseMatrixUnit({ ...nvidia, ...device })).toBe(why);
  });
});

/** Dawn crashes when what made a device is collected before it. */
const kept: GPU[] = [];

/** A device of Dawn that computes nothing but checks every program, features included. */
async function checkingDevice(): Promise<GPUDevice | undefined> {
  try {
    const dawn = (await import('webgpu' as string)) as { create(options: string[]): GPU };
    const checker = dawn.create(['backend=null', 'enable-dawn-features=allow_unsafe_apis']);
    kept.push(checker);
    const adapter = await checker.requestAdapter();
    return await adapter?.requestDevice({ requiredFeatures: nvidia.features as GPUFeatureName[] });
  } catch {
    return undefined;
  }
}
const checking = await checkingDevice();

describe.skipIf(checking === undefined)('the text', () => {
  const messages = async (program: Program) => {
    checking!.pushErrorScope('validation');
    const info = await checking!.createShaderModule({ code: wgslOf(program) }).getCompilationInfo();
    await checking!.popErrorScope();
    return info.messages.filter(({ type }) => type === 'error').map(({ lineNum, message }) => `${lineNum}: ${message}`);
  };

  it.each(
    [config(16, 16, 16), config(16, 8, 16), config(8, 16, 16), config(8, 8, 8), config(32, 32, 16)].flatMap((size) =>
      matrixDialects.flatMap((dialect) => [true, false].map((biased) => ({ ...size, dialect, biased }))),
    ),
  )('of $M x $N x $K is WGSL, $dialect, bias $biased', async ({ biased, ...size }) => {
    const program = matrixProduct(biased, { ...size, threads: 128 });
    expect(await messages(program)).toEqual([]);
    // The check is one: a line that is no WGSL is found.
    expect(await messages({ ...program, body: `${program.body} let x = a0;` })).toEqual([
      expect.stringContaining("unresolved value 'a0'"),
    ]);
  });

  it.each(
    [config(16, 16, 16), config(16, 8, 16), config(8, 8, 8)].flatMap((size) =>
      matrixDialects.flatMap((dialect) =>
        (['none', 'position and time'] as const).flatMap((bias) =>
          [true, false].map((masked) => ({ ...size, dialect, bias, masked })),
        ),
      ),
    ),
  )('of attention, $M x $N x $K, is WGSL, $dialect, bias $bias, masked $masked', async ({ bias, masked, ...size }) => {
    expect(await messages(hstuMatrices(bias, masked, { ...size, threads: 128 }))).toEqual([]);
  });

  it('makes 32 by 32 results a subgroup', () => {
    const text = wgslOf(matrixProduct(true, { M: 16, N: 8, K: 16, threads: 128, dialect: 'template' }));
    expect(text.startsWith('enable f16;\nenable subgroups;\nenable chromium_experimental_subgroup_matrix;\n')).toBe(
      true,
    );
    expect(text.match(/subgroupMatrixMultiplyAccumulate/g)).toHaveLength(2 * 4);
    expect(text).toContain('subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, col_major>(&aTile,');
    expect(text).toContain('var c1_3 = subgroup_matrix_result<f32, 8, 16>();');
  });
});

const absent = await useBackend('webgpu', { precision: 'f16' }).then(
  () => undefined,
  (error: Error) => error.message,
);

describe.skipIf(absent !== undefined)(absent === undefined ? 'the trial' : `the trial (absent: ${absent})`, () => {
  let backend: SeqrecWebgpuBackend;
  let dispatch: SeqrecWebgpuBackend['dispatch'];
  const unit = { M: 8, N: 8, K: 8, threads: 32 };

  beforeAll(async () => {
    await useBackend('webgpu', { precision: 'f16' });
    backend = tf.backend() as SeqrecWebgpuBackend;
    dispatch = backend.dispatch.bind(backend);
  });
  afterAll(async () => {
    await useBackend('webgpu');
  });

  /** Tries a unit with the plain program in the place of the one with matrices, which `change` may spoil. */
  async function trial(change: (program: Program, call: Call) => Call) {
    const plain = new Map<number, Program>();
    backend.dispatch = (program, call) => {
      if (program.subgroupMatrices) return dispatch(plain.get(program.bindings.length)!, change(program, call));
      if (program.key.startsWith('half')) plain.set(program.bindings.length, program);
      return dispatch(program, call);
    };
    try {
      return await tryProducts(backend, unit);
    } finally {
      backend.dispatch = dispatch;
    }
  }

  it('takes what gives the products of the plain program', async () => {
    expect(await trial((_, call) => call)).toEqual({ ...unit, dialect: 'template' });
  });

  it('takes the older dialect where the newer does not compile', async () => {
    const result = await trial((program, call) => {
      if (program.key.includes('template')) throw new ShaderError('no such layout');
      return call;
    });
    expect(result).toEqual({ ...unit, dialect: 'argument' });
  });

  it('says what is wrong otherwise: one term too few', async () => {
    const short = (_: Program, call: Call) => ({
      ...call,
      uniforms: { ...call.uniforms, terms: call.uniforms!.terms - 1 },
    });
    expect(await trial(short)).toMatch(/^results differ from those of the plain program by \d\.\de-\d$/);
  });

  it('of attention takes what gives the plain results, and says what does not', async () => {
    const of = async (spoil: number) => {
      let plain: Program | undefined;
      backend.dispatch = (program, call) => {
        if (program.op === 'HstuAttention' && !program.subgroupMatrices) plain = program;
        if (!program.subgroupMatrices) return dispatch(program, call);
        return dispatch(plain!, { ...call, uniforms: { ...call.uniforms, scale: 1 + spoil } });
      };
      try {
        return await tryAttention(backend, { ...unit, dialect: 'argument' });
      } finally {
        backend.dispatch = dispatch;
      }
    };
    expect(await of(0)).toEqual({ ...unit, dialect: 'argument' });
    expect(await of(0.1)).toMatch(/^results differ from those of the plain program by \d\.\de-\d$/);
    expect(await tryAttention(backend, { ...unit, M: 32, dialect: 'argument' })).toBe('no tiles of 32 by 8');
  });

  it('says what does not compile, and products go on', async () => {
    const features = backend.info.features.includes(MATRIX_FEATURE);
    // On a device that has them the real thing is tried: see half-products.test.ts for what it computes.
    const wrong = { ...unit, M: 4 };
    expect(await tryProducts(backend, wrong)).toMatch(
      /^BatchMatMul: expected a WGSL program that the device compiles; got: /,
    );
    expect(backend.matrices.products === undefined).toBe(!features);
    const y = tf.matMul(tf.ones([3, 5]), tf.ones([5, 2]));
    expect([...(await y.data())]).toEqual([5, 5, 5, 5, 5, 5]);
    y.dispose();
  });

  it('is told by the backend', async () => {
    const { details } = await useBackend('webgpu', { precision: 'f16' });
    const expected =
      backend.matrices.products === undefined
        ? /^not used: no /
        : /^\d+ x \d+ x \d+, float16 with sums in float32, in products and HSTU attention, forward$/;
    expect(details.subgroupMatrices).toMatch(expected);
  });
});
