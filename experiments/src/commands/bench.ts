import { availableParallelism } from 'node:os';
import type { CAC } from 'cac';
import { choiceOption, integerOption, textOption } from '../arguments.ts';
import { BLAS_FROM } from '../backend-options.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { GENERATE_PEERS, type GeneratePeer, PEERS, type Peer } from '../measure/bench/peer.ts';
import { saveFolder } from '../results/saved.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { suggestion } from '../suggest.ts';
import type { Listing } from '../terminal/listing.ts';
import { declareReads, type OptionsOf, SETTINGS } from '../unread-options.ts';

interface Options extends BackendOptions {
  readonly recipe: unknown;
  readonly data?: unknown;
  readonly repeat?: unknown;
  readonly rounds?: unknown;
  readonly peer?: unknown;
  readonly rows?: unknown;
  readonly cache?: unknown;
  readonly zipf?: unknown;
  readonly ids?: unknown;
  readonly dir?: unknown;
  readonly memory?: boolean;
  readonly large?: boolean;
  readonly users?: unknown;
  readonly items?: unknown;
  readonly tokens?: unknown;
  readonly steps?: unknown;
  readonly embeddings?: unknown;
  readonly length?: unknown;
  readonly width?: unknown;
  readonly heads?: unknown;
  readonly beams?: unknown;
  readonly blocks?: unknown;
  readonly dim?: unknown;
  readonly candidates?: unknown;
  readonly microbatch?: unknown;
  readonly load?: boolean;
  readonly plot?: unknown;
  readonly ranks?: unknown;
  readonly rank?: unknown;
  readonly rendezvous?: unknown;
  readonly shardTables?: unknown;
  readonly shardOptimizer?: boolean;
  readonly save?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** What `bench generate` decodes by unless told otherwise. */
const GENERATE_RECIPE = 'amazon-beauty/sid-decoder';

const RECIPE = ['recipe', 'data', SETTINGS];
const BACKEND = ['backend', 'threads', 'precision'];
/** Products by a native library: the others have none, or backends of their own. */
const LIBRARY = ['blas', 'blas-from'];
const RANKS = ['ranks', 'rank', 'rendezvous'];

/** What each benchmark can be told, besides what all can be. */
const READS: OptionsOf = {
  epoch: [...RECIPE, ...BACKEND, ...LIBRARY, 'repeat'],
  step: [...RECIPE, ...BACKEND, ...LIBRARY, 'rounds', 'peer', 'items'],
  gemm: [...BACKEND, ...LIBRARY, 'rounds', 'peer'],
  attention: [...BACKEND, 'rounds', 'peer', 'length', 'width', 'memory'],
  'attention --memory': [...BACKEND, 'memory'],
  softmax: [...BACKEND, ...LIBRARY, 'rounds', 'peer', 'tokens', 'items', 'width'],
  evaluate: [...RECIPE, ...BACKEND, ...LIBRARY, 'rounds', 'users', 'items', 'width', 'large'],
  stock: ['threads', 'rounds'],
  csv: ['rounds', 'rows', 'users', 'items', 'dir'],
  catalogue: [...BACKEND, ...LIBRARY, 'items', 'steps', 'embeddings'],
  threads: [...RECIPE, 'threads', 'rounds'],
  memory: [...RECIPE, ...BACKEND, ...LIBRARY, 'steps'],
  gpu: [...BACKEND, 'rounds', 'peer', 'length', 'width', 'tokens', 'memory'],
  'gpu --memory': [...BACKEND, 'length', 'width', 'memory'],
  serve: [
    ...[...BACKEND, 'rounds', 'peer', 'length', 'width', 'blocks', 'heads', 'dim', 'candidates', 'microbatch'],
    ...['users', 'load', 'plot', 'run', 'minutes', 'rate', 'workers', 'out', 'data'],
  ],
  exchange: [...RANKS, 'rounds'],
  ranks: [...RECIPE, ...RANKS, 'rounds', 'shard-tables', 'shard-optimizer'],
  tables: [...BACKEND, 'rounds', 'rows', 'width', 'cache', 'zipf', 'ids', 'steps', 'dir'],
  generate: [...RECIPE, ...BACKEND, ...LIBRARY, 'rounds', 'peer', 'beams', 'users'],
};

const benches = Object.keys(READS).filter((name) => !name.includes(' '));

const WITH_LIBRARY = benches.filter((name) => READS[name].includes('blas')).join(', ');

export function registerBench(cli: CAC, invocation: Invocation): void {
  const command = cli
    .command(
      'bench [what]',
      'Measure epoch, step, gemm (products), attention, softmax (of all items), evaluate (ranks) and more',
      {
        allowUnknownOptions: true,
      },
    )
    .usage(`bench ${benches.join('|')} [options] [--section.key VALUE ...]`)
    .option('--recipe <name>', 'Recipe to train (epoch, step) or to evaluate (evaluate)', { default: 'ml-1m/hstu' })
    .option('--repeat <n>', 'Epochs to time (epoch)', { default: 1 })
    .option(
      '--rounds <n>',
      'Rounds, contestants in turn (step: 3, gemm: 7, attention, softmax, stock and gpu: 5, evaluate: 7, csv: 1, serve, tables and generate: 3)',
    )
    .option(
      '--peer <name>',
      'Also run a peer: step: research, best, compile (PyTorch) or all; gemm: openblas; attention, softmax, gpu, serve: best (PyTorch); generate: best, transformers or all',
    )
    .option(
      '--length <n>',
      'Only this sequence length (attention, gpu); tokens of the history, a list (serve: 64 to 8192)',
    )
    .option(
      '--width <n>',
      'Only this head width (attention, gpu); width of the vectors (evaluate; softmax: 64; tables: 16), of a head (serve: 64)',
    )
    .option('--beams <list>', 'Beams of a history (generate: 10,30,50)')
    .option('--blocks <n>', 'Blocks of the model (serve: 8)')
    .option('--heads <n>', 'Heads of a block (serve: 4)')
    .option('--dim <n>', 'Width of the tokens (serve: 256)')
    .option('--candidates <n>', 'Candidates of a request (serve: 1024)')
    .option('--microbatch <list>', 'Candidates of a pass (serve: 16,32 to 1024)')
    .option(
      '--memory',
      'Peak heap up to 65,536 tokens instead of rates (attention); device memory of one sequence, 16,384 tokens unless --length says so (gpu)',
    )
    .option('--large', '100,000 users, 1,000,000 items, D = 64 (evaluate)')
    .option(
      '--users <n>',
      'Number of users (evaluate; csv: one for 20 events; serve: appends of the ML-1M model and memory)',
    )
    .option(
      '--items <n>',
      "Number of items (step: generated data in place of the recipe's; evaluate; softmax: 12101; csv: 100000; catalogue: a list, 10000,100000,1000000)",
    )
    .option('--tokens <n>', 'Tokens of a batch (softmax: 14,000; gpu: 65,536, on a software device 512)')
    .option('--steps <n>', 'Steps to run (catalogue: 20, memory: 5000, tables: 20 a round)')
    .option('--embeddings <rule>', 'Only dense or rowwise (catalogue)')
    .option('--load', 'Requests by Poisson of users by Zipf: the largest rate whose p99 holds 80 ms (serve)')
    .option('--plot <file>', 'Draw the response times of --load into an SVG (serve)')
    .option('--run <run>', 'Start a service of this run and a client of it, kill it, and check its answers (serve)')
    .option('--minutes <n>', 'How long the client asks, at 80 % of the largest rate (serve --run; default: 10)')
    .option('--rate <n>', 'Requests a second instead (serve --run)')
    .option('--workers <n>', 'Of the service (serve --run; default: 1)')
    .option('--out <dir>', 'Folder of the runs (serve --run; default: runs)')
    .option('--rows <n>', 'Events of the generated file (csv: 2000000), rows of a table (tables: 1000000)')
    .option('--cache <share>', 'Share of the rows that stay in memory (tables: 0.01)')
    .option('--zipf <s>', 'Exponent of the popularity of rows (tables: 1.05)')
    .option('--ids <n>', 'Ids that a step looks up (tables: 16384)')
    .option('--dir <dir>', 'Keep the generated file there, and use it if it is there (csv); where files go (tables)')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option('--threads <n>', 'Threads of the simd backend; threads: a list, default 1 and all')
    .option('--precision <p>', 'f32, or f16 for the operands of products (webgpu)')
    .option('--blas <library>', `Products of simd by a native library: auto, off or its path (${WITH_LIBRARY})`)
    .option(...BLAS_FROM)
    .option('--ranks <n>', 'Ranks that are threads (exchange, ranks: 2); not under mpiexec, which says how many')
    .option('--rank <r>', 'This process of several over TCP, with --ranks and --rendezvous (exchange, ranks)')
    .option('--rendezvous <host:port>', 'Where rank 0 listens (exchange, ranks)')
    .option('--shard-tables <how>', 'row-cyclic, row-blocks, table or columns (ranks)')
    .option('--shard-optimizer', 'Each rank keeps moments of some of the dense weights (ranks)')
    .option('--save [dir]', 'Keep the result with machine, version and day (default: docs/results of the repository)')
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec bench epoch --recipe ml-1m/hstu')
    .example('  $ seqrec bench epoch --recipe ml-1m/hstu --threads 1 --repeat 3 --json')
    .example('  $ seqrec bench step --recipe ml-1m/hstu --peer research')
    .example('  $ seqrec bench step --recipe ml-20m/hstu --items 131263 --peer best')
    .example('  $ seqrec bench step --recipe ctr/ml-1m-dcn-v2 --peer all')
    .example('  $ seqrec bench gemm --peer openblas --save')
    .example('  $ seqrec bench attention --peer best')
    .example('  $ seqrec bench attention --memory')
    .example('  $ seqrec bench softmax --peer best')
    .example('  $ seqrec bench evaluate --recipe ml-1m/hstu')
    .example('  $ seqrec bench evaluate --large --users 10000')
    .example('  $ seqrec bench stock')
    .example('  $ seqrec bench csv --rows 20000000')
    .example('  $ seqrec bench catalogue --items 10000,100000,1000000,10000000')
    .example('  $ seqrec bench threads --threads 1,2')
    .example('  $ seqrec bench memory --steps 5000')
    .example('  $ seqrec bench gpu --peer best')
    .example('  $ seqrec bench gpu --length 256 --width 64 --rounds 1')
    .example('  $ seqrec bench gpu --memory')
    .example('  $ seqrec bench serve')
    .example('  $ seqrec bench serve --users 10000')
    .example('  $ seqrec bench serve --load --users 10000 --plot load.svg')
    .example('  $ seqrec bench serve --run latest --minutes 10')
    .example('  $ seqrec bench exchange --ranks 2')
    .example('  $ mpiexec -n 2 npx seqrec bench exchange')
    .example('  $ seqrec bench ranks --recipe ml-1m/hstu --ranks 2')
    .example('  $ seqrec bench generate --recipe amazon-beauty/sid-decoder --beams 10,30')
    .example('  $ seqrec bench tables')
    .example('  $ seqrec bench tables --rows 100000000 --width 16 --cache 0.01 --zipf 1.05')
    .example('  $ seqrec bench serve --length 64,2048 --microbatch 64,256 --rounds 1')
    .action((what: string | undefined, options: Options) => run(what ?? 'epoch', options, invocation));
  declareReads(command, READS, ([what = 'epoch'], { memory }) =>
    memory && `${what} --memory` in READS ? `${what} --memory` : what,
  );
}

async function run(what: string, options: Options, invocation: Invocation): Action {
  if (!benches.includes(what))
    throw new UsageError(`seqrec bench: unknown benchmark "${what}"`, suggestion(what, benches));
  const folder = saveFolder(options.save);
  const show = async <T>(result: T, list: (result: T) => Listing, kind = `bench ${what}`): Action => {
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
  if (what === 'epoch') {
    const { benchEpoch, listEpochBench } = await import('../measure/bench/epoch.ts');
    return show(
      await benchEpoch({ ...training, repeat: integerOption('repeat', options.repeat) ?? 1 }),
      listEpochBench,
    );
  }
  if (what === 'serve') {
    const { benchServeCommand } = await import('./bench-serve.ts');
    return benchServeCommand(options, show);
  }
  if (what === 'exchange' || what === 'ranks') {
    const { benchRanksCommand } = await import('./bench-ranks.ts');
    return benchRanksCommand(what, { ...options, training }, show);
  }
  if (what === 'tables') {
    const { benchTablesCommand } = await import('./bench-tables.ts');
    return benchTablesCommand(options, show);
  }
  const rounds = integerOption('rounds', options.rounds);
  if (what === 'generate') {
    const { benchGenerate, listGenerateBench } = await import('../measure/bench/codes/generate.ts');
    const asked = {
      beams: countList('beams', options.beams ?? '10,30,50'),
      users: integerOption('users', options.users) ?? 512,
      rounds: rounds ?? 3,
      peers: generatePeers(options.peer),
    };
    const recipe = invocation.argv.some((word) => word.startsWith('--recipe')) ? training.recipe : GENERATE_RECIPE;
    return show(await benchGenerate({ ...training, recipe, ...asked }), listGenerateBench);
  }
  if (what === 'step') {
    const { benchStep, listStepBench } = await import('../measure/bench/step.ts');
    const peer = choiceOption('peer', options.peer, [...PEERS, 'all']);
    const peers: readonly Peer[] = peer === undefined ? [] : peer === 'all' ? PEERS : [peer as Peer];
    const standInItems = integerOption('items', options.items);
    return show(await benchStep({ ...training, rounds: rounds ?? 3, peers, standInItems }), listStepBench);
  }
  if (what === 'gemm') {
    const { benchGemm, listGemmBench } = await import('../measure/bench/gemm.ts');
    const peer = choiceOption('peer', options.peer, ['openblas']) !== undefined;
    return show(await benchGemm({ backend: options, rounds: rounds ?? 7, peer }), listGemmBench);
  }
  if (what === 'attention') {
    const attention = await import('../measure/bench/attention.ts');
    if (options.memory)
      return show(
        await attention.attentionMemory({ backend: options }),
        attention.listAttentionMemory,
        'bench attention --memory',
      );
    const peer = choiceOption('peer', options.peer, ['best']) !== undefined;
    const only = (name: 'length' | 'width'): number[] | undefined => {
      const value = integerOption(name, options[name]);
      return value === undefined ? undefined : [value];
    };
    const selection = { lengths: only('length'), widths: only('width') };
    const request = { backend: options, rounds: rounds ?? 5, peer, quiet: options.quiet ?? false, ...selection };
    return show(await attention.benchAttention(request), attention.listAttentionBench);
  }
  if (what === 'softmax') {
    const { BEAUTY, benchSoftmax, listSoftmaxBench } = await import('../measure/bench/softmax.ts');
    const size = {
      tokens: integerOption('tokens', options.tokens) ?? BEAUTY.tokens,
      items: integerOption('items', options.items) ?? BEAUTY.items,
      width: integerOption('width', options.width) ?? BEAUTY.width,
    };
    const peer = choiceOption('peer', options.peer, ['best']) !== undefined;
    return show(await benchSoftmax({ backend: options, rounds: rounds ?? 5, peer, size }), listSoftmaxBench);
  }
  if (what === 'gpu') {
    const gpu = await import('../measure/bench/gpu.ts');
    const length = integerOption('length', options.length);
    const width = integerOption('width', options.width);
    if (options.memory) {
      const request = { backend: options, length: length ?? 16_384, width: width ?? 64 };
      return show(await gpu.gpuMemory(request), gpu.listGpuMemory, 'bench gpu --memory');
    }
    const request = {
      backend: options,
      rounds: rounds ?? 5,
      peer: choiceOption('peer', options.peer, ['best']) !== undefined,
      quiet: options.quiet ?? false,
      lengths: length === undefined ? undefined : [length],
      widths: width === undefined ? undefined : [width],
      tokens: integerOption('tokens', options.tokens),
    };
    return show(await gpu.benchGpu(request), gpu.listGpuBench);
  }
  if (what === 'evaluate') {
    const { benchEvaluate, listEvaluateBench } = await import('../measure/bench/evaluate.ts');
    const size = {
      users: integerOption('users', options.users),
      items: integerOption('items', options.items, 2),
      width: integerOption('width', options.width),
    };
    const request = { ...training, ...size, rounds: rounds ?? 7, large: options.large ?? false };
    return show(await benchEvaluate(request), listEvaluateBench);
  }
  if (what === 'stock') {
    const { benchStock, listStockBench } = await import('../measure/bench/stock.ts');
    return show(
      await benchStock({ backend: options, rounds: rounds ?? 5, quiet: options.quiet ?? false }),
      listStockBench,
    );
  }
  if (what === 'csv') {
    const { benchCsv, listCsvBench } = await import('../measure/bench/csv.ts');
    const rows = integerOption('rows', options.rows) ?? 2_000_000;
    const users = integerOption('users', options.users) ?? Math.ceil(rows / 20);
    const items = integerOption('items', options.items) ?? 100_000;
    const folder = textOption('dir', options.dir);
    return show(
      await benchCsv({ rows, users, items, rounds: rounds ?? 1, folder, quiet: training.quiet }),
      listCsvBench,
    );
  }
  if (what === 'catalogue') {
    const { benchCatalogue, EMBEDDINGS, listCatalogueBench } = await import('../measure/bench/catalogue.ts');
    const items = countList('items', options.items ?? '10000,100000,1000000');
    const steps = integerOption('steps', options.steps) ?? 20;
    const only = choiceOption('embeddings', options.embeddings, EMBEDDINGS);
    const embeddings = only === undefined ? EMBEDDINGS : [only];
    const request = { backend: options, items, steps, embeddings, quiet: options.quiet ?? false };
    return show(await benchCatalogue(request), listCatalogueBench);
  }
  if (what === 'threads') {
    const { benchThreads, listThreadsBench } = await import('../measure/bench/threads.ts');
    const threads = countList('threads', options.threads ?? `1,${availableParallelism()}`);
    return show(await benchThreads({ ...training, threads, rounds: rounds ?? 3 }), listThreadsBench);
  }
  const { benchMemory, isConstant, listMemoryBench } = await import('../measure/bench/memory.ts');
  const result = await benchMemory({ ...training, steps: integerOption('steps', options.steps, 3) ?? 5000 });
  await show(result, listMemoryBench);
  return isConstant(result) ? 0 : 1;
}

function countList(name: string, value: unknown): number[] {
  return String(value)
    .split(',')
    .map((part) => integerOption(name, part.trim() === '' ? part : Number(part)) as number);
}

function generatePeers(value: unknown): readonly GeneratePeer[] {
  const peer = choiceOption('peer', value, [...GENERATE_PEERS, 'all']);
  return peer === undefined ? [] : peer === 'all' ? GENERATE_PEERS : [peer as GeneratePeer];
}
