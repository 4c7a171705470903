import { statSync } from 'node:fs';
import type { CAC } from 'cac';
import { choiceOption, integerOption, numberOption, rawOption, textOption } from '../arguments.ts';
import { CHECKPOINT, checkpointOption } from '../checkpoint-option.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import type { KeepOptions } from '../serve/open-scorer.ts';
import { declareReads, type OptionsOf } from '../unread-options.ts';

interface Options extends BackendOptions {
  readonly host: unknown;
  readonly port: unknown;
  readonly token?: unknown;
  readonly log?: unknown;
  readonly users: boolean;
  readonly workers: unknown;
  readonly window: unknown;
  readonly latency?: unknown;
  readonly cacheBytes?: unknown;
  readonly history?: unknown;
  readonly slack?: unknown;
  readonly settle?: unknown;
  readonly spill?: unknown;
  readonly maxBody?: unknown;
  readonly maxCandidates?: unknown;
  readonly deltas?: unknown;
  readonly check?: boolean;
  readonly checkpoint: unknown;
  readonly data?: unknown;
  readonly out: unknown;
}

const OF_REQUESTS = ['host', 'port', 'token', 'workers', 'window', 'latency', 'max-body', 'max-candidates', 'deltas'];
/** What each way to ask can be told, besides what all can be. */
const READS: OptionsOf = { RUN: [...OF_REQUESTS, 'log', 'no-users'], '--check': ['check'] };

export function registerServe(cli: CAC, invocation: Invocation): void {
  const command = cli
    .command('serve <run>', 'Answer over HTTP: users whose histories grow, what comes next, scores of candidates')
    .option('--host <name>', 'Address to listen at; any but one of this machine needs a token', {
      default: '127.0.0.1',
    })
    .option('--port <n>', 'Port; 0 takes a free one', { default: 8080 })
    .option('--token <text>', 'What clients must send as "Authorization: Bearer TEXT" (default: $SEQREC_TOKEN)')
    .option('--log <file>', 'Log of the events (default: serve/events.jsonl in the folder of the run)')
    .option('--no-users', 'Begin without the histories of the users of the data')
    .option('--workers <n>', 'Threads with a model each; users are spread over them', { default: 1 })
    .option('--window <ms>', 'How long the first request of a batch waits for others', { default: 2 })
    .option('--latency <ms>', 'Refuse requests that would have to wait longer (default: 500)')
    .option(
      '--cache-bytes <n>',
      'Memory for keys and values, or states, of each worker; who asks least often loses theirs (default: 1e9)',
    )
    .option(
      '--history <mode>',
      'Of more events than the model is meant for: exact (the latest), chunked (up to --slack fewer), recurrent (all)',
    )
    .option('--slack <n>', 'Events that a chunked history begins again without: a full pass in one more than that')
    .option('--settle <when>', 'Read new events with the next question, or when they are appended', {
      default: 'question',
    })
    .option('--spill <file>', 'Keep on the disk what --cache-bytes has no room for (default: compute it again)')
    .option('--max-body <bytes>', 'Longest body (default: 4194304)')
    .option('--max-candidates <n>', 'Most candidates of a request (default: 100000)')
    .option('--deltas <dir>', 'Apply the deltas of this folder on the weights of the run, also those that come later')
    .option('--check', 'Replay users of the data event by event, compare with full passes, and end')
    .option(...CHECKPOINT)
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(
      '--threads <n>',
      'Threads of the simd backend, of each worker (default: $SEQREC_THREADS, else its share of the cores)',
    )
    .example('  $ seqrec serve latest')
    .example('  $ seqrec serve latest --port 0 --no-users --log events.jsonl')
    .example('  $ seqrec serve latest --host 0.0.0.0 --token s3cret --workers 2')
    .example('  $ seqrec serve latest --history chunked --slack 10 --cache-bytes 200000000 --spill spill.bin')
    .example('  $ seqrec serve latest --deltas deltas')
    .example('  $ seqrec serve latest --check')
    .action((run: string, options: Options) => serveCommand(run, options, invocation));
  declareReads(command, READS, (_, { check }) => (check ? '--check' : 'RUN'));
}

/** Users, and events of each, that `--check` replays. */
const CHECKED = { users: 20, events: 200 };

async function serveCommand(name: string, options: Options, { argv }: Invocation): Action {
  const checkpoint = checkpointOption(options.checkpoint);
  const port = integerOption('port', options.port, 0, 65_535) ?? 8080;
  const workers = integerOption('workers', options.workers, 1, 64) ?? 1;
  const window = milliseconds('window', options.window, 0) ?? 2;
  const latency = milliseconds('latency', options.latency, 1);
  const keep = keepOptions(options);
  const maxBody = integerOption('max-body', options.maxBody);
  const maxCandidates = integerOption('max-candidates', options.maxCandidates);
  const host = textOption('host', options.host) ?? '127.0.0.1';
  // As typed: the parser would turn the token 0042 into 42.
  const token = options.token === undefined ? process.env.SEQREC_TOKEN || undefined : rawOption(argv, 'token');
  if (token?.trim() === '')
    throw new UsageError('--token: expected a text of at least one letter or digit; got an empty one');
  const log = textOption('log', options.log);
  const deltas = textOption('deltas', options.deltas);
  if (deltas !== undefined && !statSync(deltas, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`--deltas: expected a folder; got ${deltas}`, 'make it; deltas may come later');

  const { isLocalHost } = await import('../serve/guard.ts');
  if (!options.check && !isLocalHost(host) && !token) {
    throw new UsageError(
      `--host: expected an address of this machine, or a token; got ${host} and none`,
      'give one by --token or in SEQREC_TOKEN',
    );
  }
  const { openRun } = await import('../run/open/open-run.ts');
  const { catalogueOf, withoutUsers } = await import('../serve/catalogue.ts');
  const { checkBackendOptions } = await import('../run/process/backend.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const backend = checkBackendOptions(options);
  const opened = await openRun({
    out: textOption('out', options.out) ?? 'runs',
    run: name,
    checkpoint,
    dataFolder: textOption('data', options.data),
    progress: new Progress(),
  });
  const { interactions } = opened.data.split;
  const all = catalogueOf(interactions);
  const catalogue = options.users ? all : withoutUsers(all);
  const about = `${opened.run.id}, ${opened.checkpoint} checkpoint (epoch ${opened.epoch})`;
  if (options.check) {
    const { checkRun } = await import('../serve/check-run.ts');
    return checkRun({
      opened,
      catalogue: all,
      users: interactions.users,
      backend: options,
      keep,
      size: CHECKED,
      about,
    });
  }
  const { defaultLimits } = await import('../serve/limits.ts');
  const { serveRun } = await import('../serve/serve-run.ts');
  const limits = {
    ...defaultLimits,
    ...(latency !== undefined && { latencyMs: latency }),
    ...(maxBody !== undefined && { bodyBytes: maxBody }),
    ...(maxCandidates !== undefined && { candidates: maxCandidates }),
  };
  return serveRun({
    opened,
    catalogue,
    backend,
    ...(deltas !== undefined && { deltas }),
    ...{ workers, keep, log, host, port, token, limits, windowMs: window, about },
    // Somebody to try it with.
    someUser: options.users && interactions.numUsers > 0 ? interactions.users.external(0) : undefined,
    print: (text) => console.log(text),
    note: (text) => console.error(text),
  });
}

function keepOptions(options: Options): KeepOptions {
  const maxBytes = integerOption('cache-bytes', options.cacheBytes, 1);
  const window = choiceOption('history', options.history, ['exact', 'chunked', 'recurrent'] as const);
  const slack = integerOption('slack', options.slack, 1);
  const settle = choiceOption('settle', options.settle, ['append', 'question'] as const);
  const spillFile = textOption('spill', options.spill);
  return {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(window !== undefined && { window }),
    ...(slack !== undefined && { slack }),
    ...(settle !== undefined && { settle }),
    ...(spillFile !== undefined && { spillFile }),
  };
}

/** @throws UsageError below `least` */
function milliseconds(name: string, value: unknown, least: number): number | undefined {
  const number = numberOption(name, value);
  if (number === undefined || number >= least) return number;
  throw new UsageError(`--${name}: expected at least ${least} milliseconds; got ${number}`);
}
