import type { CAC } from 'cac';
import type { Override } from './arguments.ts';
import { UsageError } from './errors.ts';

type Command = NonNullable<CAC['matchedCommand']>;

/** The options that each kind of a command reads, without those that all kinds read; `SETTINGS` among them. */
export type OptionsOf = Readonly<Record<string, readonly string[]>>;

/** Stands for settings of a configuration, `--model.numBlocks 4`. */
export const SETTINGS = '--section.key';

/** Which kind of a command is asked for, by its arguments and options. */
type KindOf = (args: readonly string[], options: Readonly<Record<string, unknown>>) => string | undefined;

const declared = new WeakMap<Command, { readonly reads: OptionsOf; readonly kindOf: KindOf }>();

/** Says which options each kind of a command reads, such as `gemm` of `bench`: others are refused. */
export function declareReads(command: Command, reads: OptionsOf, kindOf: KindOf): void {
  declared.set(command, { reads, kindOf });
}

/** Refuses an option that is typed and that only other kinds of the command read. */
export function refuseUnread(
  { matchedCommand, args, options }: CAC,
  typed: readonly string[],
  overrides: readonly Override[],
): void {
  const found = matchedCommand && declared.get(matchedCommand);
  const kind = found?.kindOf(args, options);
  if (found === undefined || kind === undefined || !Object.hasOwn(found.reads, kind)) return;
  const readers = (name: string) => Object.keys(found.reads).filter((each) => found.reads[each].includes(name));
  const names = [...typed, ...(overrides.length > 0 ? [SETTINGS] : [])];
  const unread = names.find((name) => readers(name).length > 0 && !readers(name).includes(kind));
  if (unread === undefined) return;
  const option = unread === SETTINGS ? `--${overrides[0].key}` : `--${unread}`;
  const command = matchedCommand?.name;
  throw new UsageError(
    `${option}: expected it of ${command} ${readers(unread).join(', ')}; got it of ${command} ${kind}`,
  );
}
