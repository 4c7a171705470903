import { l2Normalize, ShapeError } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { NamedLayer } from '../../layers/layer.ts';
import { Projection } from '../../layers/projection.ts';
import type { Model, TokenEncoder } from '../../model.ts';
import { assignValues } from '../../parameters.ts';
import { CodeTable } from '../t5/code-table.ts';
import type { DenseSizes } from './sizes.ts';

/**
 * Vectors of items beside their codes, and of what an encoder over codes has read, in one space:
 *
 * ```
 * q = norm(z Q + b)          z [R, D] of the encoder, Q [D, w]
 * v = norm(X M + m + T)      X [N, d] content, kept as it is; M [d, w]; T [N, w] learned
 * ```
 */
export interface DenseHead {
  readonly sizes: DenseSizes;
  /** Those of `content` get no gradient. */
  readonly variables: ReadonlyMap<string, tf.Variable>;
  /** `q`, `[R, w]`. */
  queries(encoded: tf.Tensor2D): tf.Tensor2D;
  /** `v`, `[N, w]`; row `i` is item `i + 1`. */
  items(): tf.Tensor2D;
}

/** An encoder over codes with a {@link DenseHead}. */
export interface DenseEncoder extends TokenEncoder {
  readonly dense: DenseHead;
}

/** Whether a model has vectors of items beside its codes. */
export function isDenseEncoder(model: Model): model is DenseEncoder {
  return (model as Partial<DenseEncoder>).dense !== undefined;
}

const CONTENT = 'dense.content';

/** @param encoderWidth `D`. */
function denseHead(sizes: DenseSizes, encoderWidth: number, seed: number): DenseHead {
  const { items, width, content, table } = sizes;
  const map = (name: string, inputDim: number): Projection =>
    new Projection({ inputDim, outputDim: width, seed, stream: `dense.${name}` });
  const rows = (name: string, embeddingDim: number, trainable: boolean): CodeTable =>
    new CodeTable({
      ...{ rows: items, embeddingDim, standardDeviation: 0.02, isTable: true, dropout: 0, trainable, seed },
      stream: `dense.${name}`,
    });
  const query = map('query', encoderWidth);
  const ofContent = content === undefined ? undefined : map('map', content);
  const vectors = content === undefined ? undefined : rows('content', content, false);
  const learned = table ? rows('table', width, true) : undefined;
  const named = (layer: Projection | undefined, name: string): NamedLayer[] =>
    layer === undefined ? [] : [{ layer, names: { weight: `dense.${name}.weight`, bias: `dense.${name}.bias` } }];
  const layers: NamedLayer[] = [
    ...named(query, 'query'),
    ...named(ofContent, 'map'),
    ...(vectors === undefined ? [] : [{ layer: vectors, names: { weight: CONTENT } }]),
    ...(learned === undefined ? [] : [{ layer: learned, names: { weight: 'dense.table' } }]),
  ];
  return {
    sizes,
    variables: new Map(
      layers.flatMap(({ layer, names }) =>
        Object.entries(names).map(([own, name]) => [name, layer.weight(own)] as const),
      ),
    ),
    queries: (encoded) => tf.tidy(() => l2Normalize(query.apply(encoded) as tf.Tensor2D)),
    items: () =>
      tf.tidy(() => {
        const parts = [
          ...(ofContent && vectors ? [ofContent.apply(vectors.weight('weight')) as tf.Tensor2D] : []),
          ...(learned ? [learned.weight('weight') as tf.Tensor2D] : []),
        ];
        return l2Normalize(parts.length === 1 ? parts[0] : (tf.add(parts[0], parts[1]) as tf.Tensor2D));
      }),
  };
}

/**
 * An encoder over codes with vectors of items beside them. The weights of both are those of one model; the encoder's
 * start as they do without.
 *
 * @param encoderWidth of what the encoder makes of a token.
 */
export function withDenseHead(
  encoder: TokenEncoder,
  sizes: DenseSizes,
  { encoderWidth, seed }: { readonly encoderWidth: number; readonly seed: number },
): DenseEncoder {
  const dense = denseHead(sizes, encoderWidth, seed);
  const variables = new Map([...encoder.variables(), ...dense.variables]);
  const over = (own: TokenEncoder): DenseEncoder => {
    const { encodeLast, extend, encodeWithActions, candidateActions, itemRows, withRows, penalty, temperature } = own;
    return {
      ...{ kind: own.kind, config: own.config, numItems: own.numItems, maxSequenceLength: own.maxSequenceLength },
      ...{ sizes: { ...own.sizes, dense: sizes }, dense },
      ...(own.columns && { columns: own.columns }),
      ...(own.features && { features: own.features }),
      ...(own.longestHistory !== undefined && { longestHistory: own.longestHistory }),
      ...(own.predicts && { predicts: own.predicts }),
      ...(own.similarity && { similarity: own.similarity }),
      encode: own.encode.bind(own),
      ...(encodeLast && { encodeLast: encodeLast.bind(own) }),
      ...(extend && { extend: extend.bind(own) }),
      ...(encodeWithActions && { encodeWithActions: encodeWithActions.bind(own) }),
      ...(candidateActions && { candidateActions: candidateActions.bind(own) }),
      itemVectors: own.itemVectors.bind(own),
      ...(itemRows && { itemRows: itemRows.bind(own) }),
      itemTable: own.itemTable.bind(own),
      withItemRows: (rows, ids) => over(own.withItemRows(rows, ids)),
      tables: own.tables.bind(own),
      ...(withRows && { withRows: (rows) => over(withRows.call(own, rows) as TokenEncoder) }),
      ...(penalty && { penalty: penalty.bind(own) }),
      ...(temperature && { temperature: temperature.bind(own) }),
      variables: () => variables,
      dispose: () => {
        own.dispose();
        for (const variable of dense.variables.values()) variable.dispose();
      },
    };
  };
  return over(encoder);
}

/**
 * Gives the items of a new hybrid their vectors of content.
 *
 * @param rows `[N, d]`, row `i` of item `i + 1`.
 * @throws ShapeError for other items, or another width.
 */
export function setContent(
  { dense }: DenseEncoder,
  rows: { readonly count: number; readonly width: number; readonly values: ArrayLike<number> },
): void {
  const variable = dense.variables.get(CONTENT);
  const { items, content } = dense.sizes;
  if (variable === undefined || rows.count !== items || rows.width !== content)
    throw new ShapeError(
      `setContent: expected vectors [${items}, ${content ?? 'none'}] of the items; got [${rows.count}, ${rows.width}]; make the model with their width`,
    );
  assignValues(variable, Float32Array.from(rows.values));
}
