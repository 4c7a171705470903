import type { CAC } from 'cac';
import { rowPolicyOption, textOption, textsOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { suggestion } from '../suggest.ts';

interface Options {
  readonly from?: unknown;
  readonly to?: unknown;
  readonly rows: unknown;
  readonly int8?: boolean;
  readonly out?: unknown;
}

const ACTIONS = ['make', 'apply'] as const;

export function registerDelta(cli: CAC, _invocation: Invocation): void {
  cli
    .command('delta [...files]', 'Bring weights up to date with less than all of them: make and apply deltas')
    .usage('delta make --from FILE [--from DELTA ...] --to FILE --out FILE | delta apply BASE DELTA ... --out FILE')
    .option('--from <file>', 'make: weights that the consumer holds; given again, the deltas on them, in order')
    .option('--to <file>', 'make: weights that it shall have: a checkpoint, or what export wrote')
    .option(
      '--rows <which>',
      'make: of the rows that changed touched (all), top:SHARE of each table, threshold:NORM, budget:BYTES of the file',
      { default: 'touched' },
    )
    .option('--int8', 'make: rows in a byte a number, with a scale a row')
    .option('--out <file>', 'Safetensors file that is written: the delta, or the weights with all deltas applied')
    .example('  $ seqrec delta make --from monday.safetensors --to tuesday.safetensors --out d1.safetensors')
    .example(
      '  $ seqrec delta make --from monday.safetensors --from d1.safetensors --to wednesday.safetensors --rows top:0.1 --out d2.safetensors',
    )
    .example('  $ seqrec delta apply monday.safetensors d1.safetensors d2.safetensors --out now.safetensors')
    .action(([action, ...files]: readonly string[], options: Options) => deltaCommand(action, files, options));
}

async function deltaCommand(action: string | undefined, files: readonly string[], options: Options): Action {
  const known: readonly string[] = ACTIONS;
  if (action === undefined) throw new UsageError('seqrec delta: expected make or apply; got none');
  if (!known.includes(action))
    throw new UsageError(`seqrec delta: expected make or apply; got "${action}"`, suggestion(action, known));
  return action === 'make' ? make(files, options) : apply(files, options);
}

async function make(files: readonly string[], options: Options): Action {
  const held = textsOption(options.from);
  const to = textOption('to', options.to);
  const out = textOption('out', options.out);
  const rows = rowPolicyOption('rows', options.rows);
  if (files.length > 0)
    throw new UsageError(`seqrec delta make: expected --from and --to; got also ${files.join(', ')}`);
  if (held.length === 0 || to === undefined || out === undefined)
    throw new UsageError(`seqrec delta make: expected --from FILE, --to FILE and --out FILE; got ${given(options)}`);
  const { makeDeltaFile } = await import('../run/outputs/deltas.ts');
  console.log(await makeDeltaFile({ held, to, out, rows, int8: options.int8 ?? false, note }));
  return 0;
}

async function apply(files: readonly string[], options: Options): Action {
  const out = textOption('out', options.out);
  const of = (['from', 'to', 'int8'] as const).find((name) => options[name] !== undefined);
  if (of !== undefined || options.rows !== 'touched')
    throw new UsageError(`seqrec delta apply: expected BASE DELTA ... --out FILE; got --${of ?? 'rows'}, of make`);
  const [base, ...deltas] = files;
  if (deltas.length === 0 || out === undefined) {
    const what = out === undefined ? `${files.length} files and no --out` : `${files.length} files`;
    throw new UsageError(`seqrec delta apply: expected BASE DELTA ... --out FILE; got ${what}`);
  }
  const { applyDeltaFiles } = await import('../run/outputs/deltas.ts');
  console.log(await applyDeltaFiles(base, deltas, { out, note }));
  return 0;
}

function note(text: string): void {
  console.error(`note: ${text}`);
}

function given(options: Options): string {
  const names = (['from', 'to', 'out'] as const).filter((name) => options[name] !== undefined);
  return names.length === 0 ? 'none' : names.map((name) => `--${name}`).join(' and ');
}
