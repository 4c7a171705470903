import { UsageError } from './errors.ts';
import type { Invocation } from './invocation.ts';

/** The options that each kind of a command reads, without those that all kinds read; `SETTINGS` among them. */
export type OptionsOf = Readonly<Record<string, readonly string[]>>;

/** Stands for settings of a configuration, `--model.numBlocks 4`. */
export const SETTINGS = '--section.key';

/**
 * Refuses an option that is typed and that only other kinds of the command read.
 *
 * @param command such as `bench`.
 * @param kind such as `gemm`, one of `reads`.
 */
export function refuseUnread(command: string, kind: string, reads: OptionsOf, { argv, overrides }: Invocation): void {
  const typed = argv.flatMap((word) => /^--([A-Za-z][\w-]*)(?:=|$)/s.exec(word)?.[1] ?? []).map(kebab);
  const unread = [...typed, ...(overrides.length > 0 ? [SETTINGS] : [])].find(
    (name) => !reads[kind].includes(name) && readersOf(name, reads).length > 0,
  );
  if (unread === undefined) return;
  const option = unread === SETTINGS ? `--${overrides[0].key}` : `--${unread}`;
  const readers = readersOf(unread, reads).join(', ');
  throw new UsageError(`${option}: expected it of ${command} ${readers}; got it of ${command} ${kind}`);
}

function readersOf(name: string, reads: OptionsOf): string[] {
  return Object.keys(reads).filter((kind) => reads[kind].includes(name));
}

/** The parser takes `--blasFrom` for `--blas-from`. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
