import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';

/** Rows and columns of the result that a workgroup makes. */
export const BLOCK = 64;
/** Terms of the sums that lie in workgroup memory at a time. */
export const DEPTH = 32;
/** Workgroups that a device wants at least; long sums are cut until there are as many. */
const WANTED_GROUPS = 128;
/** Terms that a cut sum keeps at least. */
const LEAST_TERMS = 256;

export interface Factors {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** How the work is laid out; from the shapes alone, so that the same input gives the same bits. */
export interface ProductLayout {
  /** Of the whole result. */
  readonly shape: readonly number[];
  readonly batch: number;
  readonly rows: number;
  readonly columns: number;
  readonly terms: number;
  /** Elements between items of the batch (0 where one matrix serves all), between rows of `a`, between terms. */
  readonly aStep: number;
  readonly aLine: number;
  readonly aTerm: number;
  /** The same of `b`, whose lines are its columns. */
  readonly bStep: number;
  readonly bLine: number;
  readonly bTerm: number;
  /** The sums are cut into so many parts of `partTerms` terms. */
  readonly parts: number;
  readonly partTerms: number;
}

/**
 * Shapes `[..., M, K]` and `[..., K, N]`, each possibly transposed; undefined when the batches differ otherwise than
 * in that one of them is a single matrix.
 */
export function productLayout({ a, b, transposeA, transposeB }: Factors): ProductLayout | undefined {
  const [aOuter, bOuter] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const [aBatch, bBatch] = [util.sizeFromShape(aOuter), util.sizeFromShape(bOuter)];
  if (!util.arraysEqual(aOuter, bOuter) && aBatch !== 1 && bBatch !== 1) return undefined;
  const [rows, terms] = matrixOf(a.shape, transposeA);
  const [inner, columns] = matrixOf(b.shape, transposeB);
  if (terms !== inner) return undefined;
  const outer = broadcast_util.assertAndGetBroadcastShape(aOuter, bOuter);
  const shape = [...outer, rows, columns];
  const batch = util.sizeFromShape(outer);
  // One matrix `b` for all: the rows of the batch are rows of one product.
  const folded = bBatch === 1 && !transposeA;
  const [items, lines] = folded ? [1, batch * rows] : [batch, rows];
  const groups = items * Math.ceil(lines / BLOCK) * Math.ceil(columns / BLOCK);
  const wanted = Math.max(
    1,
    Math.min(Math.floor(WANTED_GROUPS / Math.max(1, groups)), Math.floor(terms / LEAST_TERMS)),
  );
  const partTerms = Math.max(DEPTH, Math.ceil(terms / wanted / DEPTH) * DEPTH);
  const parts = Math.max(1, Math.ceil(terms / partTerms));
  const aStep = aBatch === 1 ? 0 : rows * terms;
  const bStep = bBatch === 1 ? 0 : terms * columns;
  const [aLine, aTerm] = transposeA ? [1, rows] : [terms, 1];
  const [bLine, bTerm] = transposeB ? [terms, 1] : [1, columns];
  const strides = { aStep, aLine, aTerm, bStep, bLine, bTerm };
  return { shape, batch: items, rows: lines, columns, terms, ...strides, parts, partTerms };
}

function matrixOf(shape: readonly number[], transposed: boolean): [number, number] {
  const [first, second] = shape.slice(-2);
  return transposed ? [second, first] : [first, second];
}
