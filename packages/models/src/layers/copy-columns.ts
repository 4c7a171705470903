/** Rows of some width on the host, of which columns from `from` on are meant. */
export interface HostColumns {
  readonly values: Float32Array | Int32Array;
  readonly width: number;
  readonly from: number;
}

/** Copies `columns` columns of the first `rows` rows. */
export function copyColumns(source: HostColumns, target: HostColumns, rows: number, columns: number): void {
  for (let row = 0, a = source.from, b = target.from; row < rows; row++, a += source.width, b += target.width) {
    for (let c = 0; c < columns; c++) target.values[b + c] = source.values[a + c];
  }
}
