import { integerOption, numberListOption, numberOption, textOption } from '../../arguments.ts';
import { UsageError } from '../../errors.ts';
import type { Action } from '../../invocation.ts';
import type { ServeShape } from '../../measure/bench/serve-work.ts';
import { BACKEND, type Bench, type BenchOptions, isAsked, type Show } from './request.ts';

/** Appends and requests of a service. */
export const serve: Bench = {
  reads: [
    ...[...BACKEND, 'rounds', 'peer', 'length', 'width', 'blocks', 'heads', 'dim', 'candidates', 'microbatch'],
    ...['users', 'load', 'plot', 'run', 'minutes', 'rate', 'workers', 'out', 'data'],
  ],
  run: ({ options, show }) => benchServe(options, show),
};

async function benchServe(options: BenchOptions, show: Show): Action {
  const run = textOption('run', options.run);
  if (run !== undefined) return benchRun(run, options, show);
  for (const name of ['minutes', 'rate', 'workers', 'out', 'data'] as const)
    if (options[name] !== undefined)
      throw new UsageError(`--${name}: expected it with --run, which starts a service and asks it`);
  const users = integerOption('users', options.users);
  if (options.plot !== undefined && !options.load)
    throw new UsageError('--plot: expected it with --load, whose curves it draws');
  if (options.load) return benchLoad(users ?? 1000, options, show);
  if (users !== undefined) return benchUsers(users, options, show);
  const grid = await import('../../measure/bench/serve.ts');
  const { listServeBench } = await import('../../measure/bench/serve-listing.ts');
  const lengths = numberListOption('length', options.length, grid.SERVE_LENGTHS);
  const odd = lengths.find((length) => length % 2 !== 0);
  if (odd !== undefined)
    throw new UsageError(`--length: expected even numbers, an item and an action for each event; got ${odd}`);
  return show(
    await grid.benchServe({
      backend: options,
      shape: shapeOf(options, grid.SERVE_SHAPE),
      lengths,
      candidates: integerOption('candidates', options.candidates, 1, 10_000) ?? 1024,
      microbatches: numberListOption('microbatch', options.microbatch, grid.SERVE_BLOCKS),
      rounds: integerOption('rounds', options.rounds) ?? 3,
      peer: isAsked('best', options.peer),
      quiet: options.quiet ?? false,
    }),
    listServeBench,
  );
}

async function benchRun(run: string, options: BenchOptions, show: Show): Action {
  for (const name of [...GRID, 'users', 'load', 'plot', 'length', 'heads', 'width', 'blocks', 'dim'] as const)
    if (options[name] !== undefined)
      throw new UsageError(`--${name}: expected it without --run, whose model is that of the run`);
  if (options.precision !== undefined)
    throw new UsageError('--precision: expected it without --run, whose service computes in f32');
  const { benchLive } = await import('../../measure/live/live.ts');
  const { listLiveBench } = await import('../../measure/live/live-listing.ts');
  const { Progress } = await import('../../terminal/progress.ts');
  const rate = numberOption('rate', options.rate);
  const minutes = numberOption('minutes', options.minutes) ?? 10;
  for (const [name, value] of Object.entries({ rate: rate ?? 1, minutes }))
    if (!(value > 0)) throw new UsageError(`--${name}: expected a number above 0; got ${value}`);
  const bench = await benchLive({
    ...{ run, out: textOption('out', options.out) ?? 'runs', dataFolder: textOption('data', options.data) },
    ...{ backend: options, minutes },
    ...(rate !== undefined && { rate }),
    workers: integerOption('workers', options.workers) ?? 1,
    progress: new Progress({ quiet: options.quiet ?? false }),
  });
  await show(bench, listLiveBench, 'bench serve --run');
  const { check, lost } = bench;
  return lost === 0 && check.equal === check.compared && check.compared > 0 ? 0 : 1;
}

async function benchUsers(users: number, options: BenchOptions, show: Show): Action {
  const { benchServeUsers, listServeUsersBench, ML_1M_SHAPE, ML_1M_WINDOW } = await import(
    '../../measure/bench/serve-users.ts'
  );
  refuseGrid(options, '--users');
  return show(
    await benchServeUsers({
      ...{ backend: options, users, quiet: options.quiet ?? false },
      shape: shapeOf(options, ML_1M_SHAPE),
      window: integerOption('length', options.length, 2) ?? ML_1M_WINDOW,
    }),
    listServeUsersBench,
    'bench serve --users',
  );
}

async function benchLoad(users: number, options: BenchOptions, show: Show): Action {
  const { benchServeLoad, listServeLoadBench } = await import('../../measure/bench/serve-load.ts');
  const { ML_1M_SHAPE, ML_1M_WINDOW } = await import('../../measure/bench/serve-users.ts');
  const plot = textOption('plot', options.plot);
  refuseGrid(options, '--load');
  const bench = await benchServeLoad({
    ...{ backend: options, users, quiet: options.quiet ?? false },
    shape: shapeOf(options, ML_1M_SHAPE),
    window: integerOption('length', options.length, 2) ?? ML_1M_WINDOW,
  });
  if (plot !== undefined) {
    const { serveLoadFigure } = await import('../../measure/bench/serve-load-figure.ts');
    const { writeFileAtomic } = await import('../../run/folder/atomic.ts');
    writeFileAtomic(plot, serveLoadFigure(bench));
    console.error(`written: ${plot}`);
  }
  return show(bench, listServeLoadBench, 'bench serve --load');
}

/** Options of the grid alone. */
const GRID = ['candidates', 'microbatch', 'rounds', 'peer'] as const;

function refuseGrid(options: BenchOptions, mode: string): void {
  for (const name of GRID)
    if (options[name] !== undefined)
      throw new UsageError(`--${name}: expected it without ${mode}, which measures appends alone`);
}

function shapeOf(options: BenchOptions, fallback: ServeShape): ServeShape {
  return {
    blocks: integerOption('blocks', options.blocks) ?? fallback.blocks,
    heads: integerOption('heads', options.heads) ?? fallback.heads,
    width: integerOption('width', options.width) ?? fallback.width,
    dim: integerOption('dim', options.dim) ?? fallback.dim,
  };
}
