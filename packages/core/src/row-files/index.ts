// Tables of rows in files: needs Node, so it is no part of `index.ts`.

export { TableError } from '../errors.ts';
export { FileRows, type FileRowsOptions, fileRows } from './file-rows.ts';
