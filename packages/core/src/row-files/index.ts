// Tables of rows in files: needs Node, so it is no part of `index.ts`.

export { TableError } from '../errors.ts';
export { FileRows, fileRows } from './file-rows.ts';
export type { FileRowsOptions } from './file-rows-options.ts';
