/** `--data`, else `SEQREC_DATA`, else `./data`. */
export function dataFolder(option: string | undefined): string {
  return option ?? process.env.SEQREC_DATA ?? 'data';
}
