import * as tf from '@tensorflow/tfjs-core';

/** Moments of one table, for a checkpoint. `I` rows of width `D`. */
export interface RowwiseMoments {
  /** First moments, `[I, D]`. */
  readonly m: Float32Array | tf.Variable;
  /** Second moment of each row, `[I]`. */
  readonly v: Float32Array | tf.Variable;
  /** Steps that have touched each row, `[I]`. */
  readonly steps: Int32Array;
}

/** Moments of some rows on the backend, for one call of the kernel, and what to do with the kernel's results. */
export interface RowsOnBackend {
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
  /** Whether `m` and `v` are of all rows. */
  readonly whole: boolean;
  /** Takes over the tensors. */
  keep(m: tf.Tensor, v: tf.Tensor): Promise<void>;
}

/** Where the moments of a table live. */
export interface MomentStore {
  /** Rows that one call of the kernel should take at most. */
  readonly blockRows: number;
  readonly m: Float32Array | tf.Variable;
  readonly v: Float32Array | tf.Variable;
  rows(ids: Int32Array): RowsOnBackend;
  load(m: Float32Array, v: Float32Array): void;
  dispose(): void;
}

/** Moments beside the table, in the backend's memory; the kernel updates them where they lie. */
export function backendMoments(rows: number, d: number): MomentStore {
  let m = untrained(() => tf.zeros([rows, d]));
  let v = untrained(() => tf.zeros([rows]));
  const dispose = (): void => tf.dispose([m, v]);
  return {
    blockRows: Number.POSITIVE_INFINITY,
    get m() {
      return m;
    },
    get v() {
      return v;
    },
    rows: () => ({
      m,
      v,
      whole: true,
      async keep(newM, newV) {
        m.assign(newM);
        v.assign(newV);
        tf.dispose([newM, newV]);
      },
    }),
    load(savedM, savedV) {
      dispose();
      m = untrained(() => tf.tensor2d(savedM, [rows, d]));
      v = untrained(() => tf.tensor1d(savedV));
    },
    dispose,
  };
}

/** Rows of a block on the way between host and backend: 1 MiB for a width of 64 stays in a processor's cache. */
const BLOCK_ROWS = 4096;

/** Moments on the host, outside the backend's memory: the rows of a step travel, block by block. */
export function hostMoments(rows: number, d: number): MomentStore {
  let m: Float32Array = new Float32Array(rows * d);
  let v: Float32Array = new Float32Array(rows);
  const blockM = new Float32Array(BLOCK_ROWS * d);
  const blockV = new Float32Array(BLOCK_ROWS);
  return {
    blockRows: BLOCK_ROWS,
    get m() {
      return m;
    },
    get v() {
      return v;
    },
    rows(ids) {
      fetchRows(m, ids, d);
      for (let u = 0; u < ids.length; u++) {
        const id = ids[u];
        blockM.set(m.subarray(id * d, (id + 1) * d), u * d);
        blockV[u] = v[id];
      }
      return {
        m: tf.tensor2d(blockM.subarray(0, ids.length * d), [ids.length, d]),
        v: tf.tensor1d(blockV.subarray(0, ids.length)),
        whole: false,
        async keep(newM, newV) {
          const [hostM, hostV] = await Promise.all([newM.data(), newV.data()]);
          tf.dispose([newM, newV]);
          for (let u = 0; u < ids.length; u++) {
            const id = ids[u];
            m.set(hostM.subarray(u * d, (u + 1) * d), id * d);
            v[id] = hostV[u];
          }
        },
      };
    },
    load(savedM, savedV) {
      m = savedM;
      v = savedV;
    },
    dispose: () => undefined,
  };
}

/** Floats of a cache line. */
const LINE = 16;

/**
 * Reads one number of each cache line of some rows: many loads in flight at once, where copying
 * row by row waits for each.
 */
function fetchRows(table: Float32Array, ids: Int32Array, d: number): number {
  let sum = 0;
  for (let u = 0; u < ids.length; u++) {
    const end = (ids[u] + 1) * d;
    for (let i = end - d; i < end; i += LINE) sum += table[i];
  }
  return sum;
}

function untrained(make: () => tf.Tensor): tf.Variable {
  return tf.tidy(() => tf.variable(make(), false));
}
