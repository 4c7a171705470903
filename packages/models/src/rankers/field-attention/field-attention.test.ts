import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { checkGolden } from '../../golden/check.ts';
import type { GoldenFile } from '../../golden/file.ts';
import type { GoldenReport } from '../../golden/report.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { rowDefaults } from '../../test-support/row-models.ts';
import { type FieldAttentionConfig, fieldAttentionConfigSchema } from './config.ts';
import { fieldAttentionNet } from './field-attention.ts';
import { plainFieldAttention } from './test-support/plain.ts';

const small = {
  kind: 'field-attention',
  embeddingDim: 3,
  embeddingStd: 0.7,
  heads: 2,
  queryDim: 2,
  valueDim: 2,
  feedForwardDim: 4,
} as const;
const configOf = (own: object): FieldAttentionConfig => fieldAttentionConfigSchema.parse({ ...small, ...own });

function formula(own: object, labels = 1, idle: readonly string[] = []): RowFormula {
  const config = configOf(own);
  return {
    net: (options) => fieldAttentionNet(config, options),
    plain: (w, rows) => plainFieldAttention(w, rows, config),
    labels,
    idle,
  };
}

describeRowFormulas({
  'vanilla, two blocks': formula({ form: 'vanilla', blocks: 2 }),
  'hetero of two labels, before the norm': formula({ form: 'hetero', norm: 'pre' }, 2),
  'hiformer of low rank, dense tokens': formula({ rank: 2, valueRank: 3, denseTokens: 2, denseHiddenSize: 3 }),
  // What the other tokens of the last block become is not read.
  'hiformer, not pruned': formula({ pruned: false, queryDim: 1, valueDim: 1, feedForwardDim: 2, rank: 3 }),
});

describe.each(['vanilla', 'hetero', 'hiformer'])('attention-%s by hand', (form) => {
  const read = (): GoldenFile & { parameters: Record<string, { data: number[] }>; gradients: object } =>
    JSON.parse(
      readFileSync(new URL(`../../golden/fixtures/attention/attention-${form}.json`, import.meta.url), 'utf8'),
    );

  it.each(['cpu', 'auto'] as const)('has its weights, outputs and every gradient on %s', async (backend) => {
    await useBackend(backend);
    const file = read();
    const before = tf.memory().numTensors;
    const { maxima, tolerance, gradients, outputs } = (await checkGolden(file)) as GoldenReport;
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.keys(outputs).sort()).toEqual(['weights', 'y']);
    expect(Object.keys(gradients).sort()).toEqual([...Object.keys(file.gradients), 'x'].sort());
    for (const of of ['outputs', 'loss', 'gradients'] as const) expect(maxima[of], of).toBeLessThan(tolerance[of]);
  });

  it('is noticed to differ by one number of any parameter', async () => {
    for (const name of Object.keys(read().parameters)) {
      const file = read();
      file.parameters[name].data[1] += 0.01;
      const { maxima, tolerance } = (await checkGolden(file)) as GoldenReport;
      expect(maxima.outputs, name).toBeGreaterThan(tolerance.outputs);
    }
  });
});

describe('forms that are one another', () => {
  const RUN = { training: false, step: 0, seed: 0 };
  const names = ['user', 'item', 'hour'];
  const fields = names.map((name) => ({ name, shape: { kind: 'row', size: 6 } }) as const);
  const columns = names.map(
    (_, f) => ({ kind: 'row', size: 6, values: Int32Array.of(f, 5 - f, 3, (2 * f) % 6) }) as const,
  );
  const TOKENS = names.length + 1;

  beforeAll(async () => {
    await useBackend('auto');
  });

  type Net = ReturnType<typeof fieldAttentionNet>;
  const netOf = (own: object, seed = 7): Net => fieldAttentionNet(configOf(own), { fields, labels: 1, seed });
  const weightsOf = (net: Net): Map<string, tf.Variable> =>
    new Map(
      [...net.tables.flatMap(({ layers }) => layers), ...net.net].flatMap((layer) =>
        layer.names.map((name) => [`${layer.stream}.${name}`, layer.weight(name)] as const),
      ),
    );
  const logits = (net: Net, of = columns): number[] => tf.tidy(() => [...net.logits(of, RUN).dataSync()]);

  /** Gives a net the weights of another, each as `made` of the other's; `undefined`: as it is there. */
  function assign(to: Net, from: Net, made: (name: string, theirs: tf.Variable) => tf.Tensor | undefined): void {
    const theirs = weightsOf(from);
    for (const [name, variable] of weightsOf(to)) {
      tf.tidy(() => {
        const other = theirs.get(name)!;
        variable.assign(tf.reshape(made(name, other) ?? other, variable.shape));
      });
    }
  }

  /** The weight of every token, side by side in the first axis. */
  const tied = (of: tf.Tensor): tf.Tensor => tf.stack(Array.from({ length: TOKENS }, () => of));
  /** `[N, d, e]` as `[N d, N e]`, a block a token, those of the others zero. */
  const blockDiagonal = (of: tf.Tensor): tf.Tensor => {
    const [n, d, e] = of.shape;
    const rows = tf.unstack(of).map((block, i) =>
      tf.pad2d(block as tf.Tensor2D, [
        [0, 0],
        [i * e, (n - 1 - i) * e],
      ]),
    );
    return tf.reshape(tf.concat(rows, 0), [n * d, n * e]);
  };
  const isMap = /^blocks\.\d+\.(query|key|value|output|inner|outer)\./;
  const isProjection = /^blocks\.\d+\.(query|key|value)\./;

  it('HeteroAtt with tied matrices is vanilla attention', () => {
    const shared = { blocks: 2, pruned: false };
    const vanilla = netOf({ form: 'vanilla', ...shared });
    const hetero = netOf({ form: 'hetero', ...shared }, 8);
    expect(logits(hetero)).not.toEqual(logits(vanilla));
    assign(hetero, vanilla, (name, theirs) => (isMap.test(name) ? tied(theirs) : undefined));
    for (const [b, logit] of logits(vanilla).entries()) expect(logits(hetero)[b]).toBeCloseTo(logit, 6);
  });

  it('Hiformer with block-diagonal matrices is HeteroAtt', () => {
    const hetero = netOf({ form: 'hetero', blocks: 2, pruned: false });
    const hiformer = netOf({ form: 'hiformer', blocks: 2, pruned: false }, 8);
    assign(hiformer, hetero, (name, theirs) => (isProjection.test(name) ? blockDiagonal(theirs) : undefined));
    for (const [b, logit] of logits(hetero).entries()) expect(logits(hiformer)[b]).toBeCloseTo(logit, 6);
  });

  it('Hiformer with factors of full rank is that with one matrix', () => {
    const dense = netOf({ form: 'hiformer', pruned: false });
    const rank = TOKENS * small.embeddingDim;
    const factored = netOf({ form: 'hiformer', pruned: false, rank, valueRank: rank }, 8);
    const theirs = weightsOf(dense);
    for (const [name, variable] of weightsOf(factored)) {
      tf.tidy(() => {
        const whole = theirs.get(name.replace(/\.(left|right)$/, '.weight'))!;
        variable.assign(name.endsWith('.left') ? tf.eye(rank) : (whole as tf.Tensor));
      });
    }
    for (const [b, logit] of logits(dense).entries()) expect(logits(factored)[b]).toBeCloseTo(logit, 5);
  });

  it.each(['vanilla', 'hetero', 'hiformer'])(
    'a pruned last block of %s is the whole one at the task tokens',
    (form) => {
      const whole = netOf({ form, blocks: 2, pruned: false });
      const pruned = netOf({ form, blocks: 2 }, 8);
      assign(pruned, whole, (name, theirs) => {
        const ofLast = /^blocks\.1\.(query|output|inner|outer)\./.exec(name);
        if (ofLast === null || form === 'vanilla') return undefined;
        // The share of the task token, the last of all: columns of the composite matrix, else the matrix of its own.
        if (ofLast[1] !== 'query' || form === 'hetero') return tf.slice(theirs, [TOKENS - 1], [1]);
        const width = theirs.shape[1]! / TOKENS;
        return tf.slice(theirs, [0, (TOKENS - 1) * width], [-1, width]);
      });
      const sizes = [whole, pruned].map((net) =>
        [...weightsOf(net).values()].reduce((sum, variable) => sum + variable.size, 0),
      );
      expect(form === 'vanilla' ? sizes[1] === sizes[0] : sizes[1] < sizes[0]).toBe(true);
      for (const [b, logit] of logits(whole).entries()) expect(logits(pruned)[b]).toBeCloseTo(logit, 6);
    },
  );

  it.each(['vanilla', 'hetero', 'hiformer'])(
    'fields of %s in another order, with their weights, change nothing',
    (form) => {
      const order = [2, 0, 1, 3];
      const net = netOf({ form, pruned: false });
      const permuted = fieldAttentionNet(configOf({ form, pruned: false }), {
        fields: order.slice(0, -1).map((f) => fields[f]),
        labels: 1,
        seed: 9,
      });
      const at = tf.tensor1d(order, 'int32');
      const byToken = (of: tf.Tensor, axis: number): tf.Tensor => {
        const shape = [...of.shape];
        shape.splice(axis, 1, TOKENS, of.shape[axis] / TOKENS);
        return tf.reshape(tf.gather(tf.reshape(of, shape), at, axis), of.shape);
      };
      assign(permuted, net, (name, theirs) => {
        if (!isMap.test(name) || form === 'vanilla') return undefined;
        if (form === 'hiformer' && isProjection.test(name)) return byToken(byToken(theirs, 0), 1);
        return tf.gather(theirs, at);
      });
      const moved = logits(
        permuted,
        order.slice(0, -1).map((f) => columns[f]),
      );
      for (const [b, logit] of logits(net).entries()) expect(moved[b]).toBeCloseTo(logit, 6);
    },
  );
});

describe('configurations of attention among fields', () => {
  const given = { kind: 'field-attention', embeddingDim: 16 };
  const parse = (config: object) => parseConfig(fieldAttentionConfigSchema, config, 'model config (field-attention)');

  it('have the defaults of the paper, one block', () => {
    const own = { form: 'hiformer', blocks: 1, heads: 4, queryDim: 16, valueDim: 64, pruned: true, norm: 'post' };
    expect(parse(given)).toEqual({ ...given, ...rowDefaults, ...own, dropout: 0 });
  });

  it.each([
    [{ form: 'hetero', rank: 4 }, "rank: expected it with form 'hiformer' alone; got 4"],
    [{ form: 'vanilla', valueRank: 4 }, "valueRank: expected it with form 'hiformer' alone; got 4"],
    [{ denseHiddenSize: 4 }, 'denseHiddenSize: expected it with denseTokens alone; got 4'],
  ])('refuse %j', (settings, message) => {
    expect(() => parse({ ...given, ...settings })).toThrow(`model config (field-attention): ${message}`);
  });

  it('with dense tokens need a column of numbers', () => {
    const fields = [{ name: 'user', shape: { kind: 'row', size: 3 } }] as const;
    expect(() => fieldAttentionNet(configOf({ denseTokens: 1 }), { fields, labels: 1, seed: 1 })).toThrow(
      'model config (field-attention): denseTokens: expected a column of numbers among the features; got none; leave denseTokens out',
    );
  });
});
