import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type HstuAttentionAttrs, HstuAttentionGrad } from '../../kernel-names.ts';
import type { SeqrecWebgpuBackend } from '../backend.ts';
import { bind, type Program, uniforms } from '../program.ts';
import {
  ATTENTION_THREADS,
  accumulate,
  BLOCK,
  declareResults,
  eachRow,
  forKeys,
  forQueries,
  products,
  storeResults,
  storeWeights,
  TILE_PROLOGUE,
  visibility,
} from './attention-tiles.ts';
import { BIAS_GRAD_PROLOGUE, biasGradEnd, biasGradTile, partialStride, reduceBias } from './bias-grad.ts';
import { biasedScores, HSTU_GLOBALS, HSTU_UNIFORMS, tileValues } from './hstu-attention.ts';
import { type BiasKind, type Extras, extrasOf, withExtras } from './relative-bias.ts';
import { type Inputs, override, sizeOf } from './support.ts';

/** Floats of partial sums of the bias gradient that are held at a time; more works take turns. */
const PARTIAL_FLOATS = 1 << 23;

const SHARED = ['q', 'k', 'v', 'offsets: i32', 'dOut'];

/** Replaces products `p` (`dOut v^T`) by `dS` without the factor `1 / normalizer`, and `s` by `silu(s)`. */
function derivatives(masked: boolean, i: string, j: string): string {
  return (
    visibility(masked, i, j) +
    eachRow(
      (r) => `{
      let sigma = sigmoid4(s${r});
      p${r} = select(vec4<f32>(), p${r} * sigma * (1.0 + s${r} * (1.0 - sigma)), seen${r});
      s${r} = select(vec4<f32>(), s${r} * sigma, seen${r});
    }`,
    )
  );
}

/** `dq` of a tile of queries, and its part of the gradients of the extras. */
function queriesProgram(kind: BiasKind, masked: boolean): Program {
  const biased = kind !== 'none';
  const extras = extrasOf(kind, masked);
  return {
    op: HstuAttentionGrad,
    key: `queries, ${kind}, masked ${masked}`,
    bindings: bind(...SHARED, 'dq!', ...extras.bindings, ...(biased ? ['partials!'] : [])),
    uniforms: uniforms(...HSTU_UNIFORMS, ...extras.uniforms, ...(biased ? ['workEnd', 'stride', 'buckets'] : [])),
    threads: ATTENTION_THREADS,
    tiles: 'f32',
    globals: HSTU_GLOBALS + extras.globals,
    body: `${TILE_PROLOGUE}${biased ? BIAS_GRAD_PROLOGUE : ''}${declareResults('o')}${forKeys(masked)}${products('s', ['q', 'own'], ['k', 'key'], 'u.queryWidth')}
    ${biasedScores(kind, masked, 'own', 'key')}${products('p', ['dOut', 'own'], ['v', 'key'], 'u.valueWidth')}
    ${derivatives(masked, 'own', 'key')}${storeWeights('p', 'rows')}${biased ? biasGradTile(kind) : ''}${accumulate('o', 'k', 'key', 'u.queryWidth')}
  }${biased ? biasGradEnd(kind) : ''}${storeResults('o', 'dq', 'u.queryWidth', () => 'u.scale * u.inverse')}`,
  };
}

/** `dk` and `dv` of a tile of keys. */
function keysProgram(kind: BiasKind, masked: boolean): Program {
  const extras = extrasOf(kind, masked);
  return {
    op: HstuAttentionGrad,
    key: `keys, ${kind}, masked ${masked}`,
    bindings: bind(...SHARED, 'dk!', 'dv!', ...extras.bindings),
    uniforms: uniforms(...HSTU_UNIFORMS, ...extras.uniforms),
    threads: ATTENTION_THREADS,
    tiles: 'f32',
    globals: HSTU_GLOBALS + extras.globals,
    body: `${TILE_PROLOGUE}${declareResults('dv')}${declareResults('dk')}${forQueries(masked)}${products('s', ['q', 'query'], ['k', 'own'], 'u.queryWidth')}
    ${biasedScores(kind, masked, 'query', 'own')}${products('p', ['dOut', 'query'], ['v', 'own'], 'u.valueWidth')}
    ${derivatives(masked, 'query', 'own')}${storeWeights('s', 'columns')}${accumulate('dv', 'dOut', 'query', 'u.valueWidth')}
    ${storeWeights('p', 'columns')}${accumulate('dk', 'q', 'query', 'u.queryWidth')}
  }${storeResults('dv', 'dv', 'u.valueWidth', () => 'u.inverse')}
  ${storeResults('dk', 'dk', 'u.queryWidth', () => 'u.scale * u.inverse')}`,
  };
}

interface Pass {
  readonly inputs: Inputs;
  readonly extras: Extras;
  readonly values: Readonly<Record<string, number>>;
}

function keysPass(
  backend: SeqrecWebgpuBackend,
  { inputs, extras, values }: Pass,
  dk: TensorInfo,
  dv: TensorInfo,
): void {
  const { q, k, v, offsets, dy } = inputs;
  const blocks = Math.ceil(Math.max(values.queryWidth, values.valueWidth) / BLOCK);
  backend.dispatch(keysProgram(extras.kind, extras.masked), {
    tensors: [q, k, v, offsets, dy, dk, dv, ...extras.tensors],
    uniforms: { ...values, blocks },
    groups: values.works * values.heads * blocks,
  });
}

/** Returns the gradients of position and time weights. */
function queriesPass(backend: SeqrecWebgpuBackend, { inputs, extras, values }: Pass, dq: TensorInfo): TensorInfo[] {
  const { q, k, v, offsets, dy, positionWeights, timeWeights } = inputs;
  const blocks = Math.ceil(values.queryWidth / BLOCK);
  const dPosition = backend.output(positionWeights.shape);
  const dTime = backend.output(timeWeights.shape);
  const perWork = values.heads * blocks;
  const tensors = [q, k, v, offsets, dy, dq];
  if (extras.kind === 'none') {
    const groups = values.works * perWork;
    backend.dispatch(queriesProgram(extras.kind, extras.masked), {
      tensors: [...tensors, ...extras.tensors],
      uniforms: { ...values, blocks },
      groups,
    });
    for (const gradient of [dPosition, dTime]) if (sizeOf(gradient) > 0) backend.clear(gradient);
    return [dPosition, dTime];
  }
  const stride = partialStride(sizeOf(positionWeights), extras.buckets);
  const fitting = Math.floor(PARTIAL_FLOATS / (stride * values.heads));
  const slots = Math.min(values.works, Math.max(8, fitting));
  backend.withScratch([slots * values.heads * stride], (partials) => {
    backend.clear(partials);
    for (let workBase = 0; workBase < values.works; workBase += slots) {
      const workEnd = Math.min(values.works, workBase + slots);
      const scalars = { ...values, blocks, workBase, workEnd, stride, buckets: extras.buckets };
      backend.dispatch(queriesProgram(extras.kind, extras.masked), {
        tensors: [...tensors, ...extras.tensors, partials],
        uniforms: scalars,
        groups: (workEnd - workBase) * perWork,
      });
    }
    const sums = { rows: slots * values.heads, stride, inverse: values.inverse };
    reduceBias(backend, partials, sums, [dPosition, dTime]);
  });
  return [dPosition, dTime];
}

export function registerHstuAttentionGrad(name: string): void {
  override<HstuAttentionAttrs>(name, HstuAttentionGrad, (inputs, backend, attrs) => {
    if (sizeOf(inputs.queryOffsets) > 0) return undefined;
    const { scale, normalizer, bucketDivisor, globalKeys } = attrs;
    const { q, k, v, positionWeights, timeWeights } = inputs;
    const own = [backend.output([0]), backend.output([0])];
    const [dq, dk, dv] = [q, k, v].map(({ shape }) => backend.output(shape));
    if (sizeOf(q) === 0 || sizeOf(v) === 0) {
      const rest = [positionWeights, timeWeights].map(({ shape }) => backend.output(shape));
      for (const x of [dq, dk, dv, ...rest]) if (sizeOf(x) > 0) backend.clear(x);
      return [dq, dk, dv, ...rest, ...own];
    }
    return withExtras(backend, inputs, { divisor: bucketDivisor, globalKeys }, (extras) => {
      const values = { ...tileValues(inputs, 1, scale), inverse: 1 / normalizer, ...extras.uniforms };
      keysPass(backend, { inputs, extras, values }, dk, dv);
      return [dq, dk, dv, ...queriesPass(backend, { inputs, extras, values }, dq), ...own];
    });
  });
}
