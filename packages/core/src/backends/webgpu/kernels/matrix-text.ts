import type { MatrixUnit } from '../matrix-unit.ts';

export type Layout = 'row_major' | 'col_major';

/** WGSL for the subgroup matrices of a unit. `f16` tiles are left and right operands, `f32` arrays hold results. */
export function matrixText({ M, N, K, dialect }: MatrixUnit) {
  const template = dialect === 'template';
  const load = (type: string, tile: string, offset: string, [layout, pitch]: readonly [Layout, number]): string =>
    template
      ? `subgroupMatrixLoad<${type}, ${layout}>(&${tile}, ${offset}, ${pitch}u)`
      : `subgroupMatrixLoad<${type}>(&${tile}, ${offset}, ${layout === 'col_major'}, ${pitch}u)`;
  return {
    /** Zeros. */
    zero: `subgroup_matrix_result<f32, ${N}, ${M}>()`,
    left: (tile: string, offset: string, place: readonly [Layout, number]) =>
      load(`subgroup_matrix_left<f16, ${K}, ${M}>`, tile, offset, place),
    right: (tile: string, offset: string, place: readonly [Layout, number]) =>
      load(`subgroup_matrix_right<f16, ${N}, ${K}>`, tile, offset, place),
    store: (array: string, offset: string, value: string, pitch: number) =>
      template
        ? `subgroupMatrixStore<row_major>(&${array}, ${offset}, ${value}, ${pitch}u);`
        : `subgroupMatrixStore(&${array}, ${offset}, ${value}, false, ${pitch}u);`,
  };
}

/** `f(i, j)` for a grid of matrices, a line a row. */
export function grid(down: number, across: number, f: (i: number, j: number) => string): string {
  const row = (i: number): string => Array.from({ length: across }, (_, j) => f(i, j)).join(' ');
  return Array.from({ length: down }, (_, i) => `\n      ${row(i)}`).join('');
}

/** `f(i)`, a line each. */
export function lines(count: number, f: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => `\n      ${f(i)}`).join('');
}

/** Declares left operands `aI`, right operands `bJ` and adds their products to `NAME I_J`. */
export function multiplyAccumulate(
  name: string,
  [down, across]: readonly [number, number],
  left: (i: number) => string,
  right: (j: number) => string,
): string {
  return `${lines(down, (i) => `let a${i} = ${left(i)};`)}${lines(across, (j) => `let b${j} = ${right(j)};`)}${grid(
    down,
    across,
    (i, j) => `${name}${i}_${j} = subgroupMatrixMultiplyAccumulate(a${i}, b${j}, ${name}${i}_${j});`,
  )}`;
}
