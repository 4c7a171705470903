import type { CAC } from 'cac';
import { integerOption, textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { saveFolder } from '../results/saved.ts';
import { suggestion } from '../suggest.ts';
import { declareReads } from '../unread-options.ts';
import { BENCHES, READS } from './bench/benches.ts';
import { addBenchOptions } from './bench/options.ts';
import type { BenchOptions, Show } from './bench/request.ts';

const names = Object.keys(BENCHES);

export function registerBench(cli: CAC, invocation: Invocation): void {
  const what = 'Measure epoch, step, gemm (products), attention, softmax (of all items), evaluate (ranks) and more';
  const command = cli
    .command('bench [what]', what, { allowUnknownOptions: true })
    .usage(`bench ${names.join('|')} [options] [--section.key VALUE ...]`);
  addBenchOptions(
    command,
    names.filter((name) => BENCHES[name].reads.includes('blas')),
  ).action((asked: string | undefined, options: BenchOptions) => run(asked ?? 'epoch', options, invocation));
  declareReads(command, READS, ([asked = 'epoch'], { memory }) =>
    memory && `${asked} --memory` in READS ? `${asked} --memory` : asked,
  );
}

async function run(what: string, options: BenchOptions, invocation: Invocation): Action {
  if (!Object.hasOwn(BENCHES, what))
    throw new UsageError(`seqrec bench: unknown benchmark "${what}"`, suggestion(what, names));
  const folder = saveFolder(options.save);
  const show: Show = async (result, list, kind = `bench ${what}`) => {
    const [{ renderListing }, { saveResult }] = await Promise.all([
      import('../terminal/listing.ts'),
      import('../results/saved.ts'),
    ]);
    console.log(options.json ? JSON.stringify(result, null, 2) : renderListing(list(result)));
    if (folder !== undefined) console.error(`saved: ${saveResult(folder, kind, result)}`);
    return 0;
  };
  const training = {
    recipe: textOption('recipe', options.recipe) ?? 'ml-1m/hstu',
    overrides: invocation.overrides,
    dataFolder: textOption('data', options.data),
    backend: options,
    quiet: options.quiet ?? false,
  };
  const rounds = integerOption('rounds', options.rounds);
  return BENCHES[what].run({ options, training, rounds, invocation, show });
}
