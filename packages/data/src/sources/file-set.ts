/** A zip, a folder or one file, seen as names to chunks of bytes. Nothing is ever written. */
export interface FileSet {
  readonly kind: 'zip' | 'folder' | 'file';
  /** As it was given. */
  readonly path: string;
  /** Names inside the set, `/` between folders, files only. */
  readonly names: readonly string[];
  /** Uncompressed bytes, as far as the container knows. */
  size(name: string): number;
  /** Bytes of a file in order; `.gz` files are unpacked. Failures are typed errors that name the place. */
  chunks(name: string): AsyncIterable<Uint8Array>;
  /** `{file, entry?}` for errors and reports. */
  place(name: string): { readonly file: string; readonly entry?: string };
  close(): void;
}
