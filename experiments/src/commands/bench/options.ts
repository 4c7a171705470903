import type { CAC } from 'cac';
import { BLAS_FROM } from '../../backend-options.ts';

type Command = ReturnType<CAC['command']>;

/** Adds the options of all benchmarks and examples; `withLibrary` names those that compute products by a library. */
export function addBenchOptions(command: Command, withLibrary: readonly string[]): Command {
  return command
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
    .option(
      '--blas <library>',
      `Products of simd by a native library: auto, off or its path (${withLibrary.join(', ')})`,
    )
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
    .example('  $ seqrec bench serve --length 64,2048 --microbatch 64,256 --rounds 1');
}
