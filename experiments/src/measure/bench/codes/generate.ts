import { makeBatch } from '@seqrec/data';
import { type CodeMask, CodeTrie, candidateFinder, codeBatch, codeSymbols, codeWriter, debiasOf } from '@seqrec/models';
import { denseDecoding } from '../../../data/coded-items.ts';
import { windowed } from '../../../data/dataset.ts';
import { ConfigError } from '../../../errors.ts';
import { describeEnvironment, type Environment } from '../../../run/folder/environment.ts';
import { countParameters } from '../../../run/loop/count-parameters.ts';
import { describeProducts, productsOf } from '../../../run/open/native-products.ts';
import { figures, type Listing, lines } from '../../../terminal/listing.ts';
import { Progress } from '../../../terminal/progress.ts';
import { findPython, type GeneratePeer, type PeerInput, runPeer } from '../peer.ts';
import { median } from '../statistics.ts';
import type { SubjectRequest } from '../subject.ts';
import { rowsOf, withoutBeams, withoutPeer, writeCodesDecoding } from './peer-input.ts';
import { openCodesSubject } from './subject.ts';

export interface GenerateRequest extends SubjectRequest {
  readonly beams: readonly number[];
  readonly users: number;
  readonly rounds: number;
  readonly peers: readonly GeneratePeer[];
}

/** Seconds to decode all users, by the number of beams. */
export interface GenerateBench {
  readonly recipe: string;
  readonly environment: Environment;
  readonly threads: number;
  readonly rounds: number;
  readonly users: number;
  readonly batchSize: number;
  /** Codes of the histories. */
  readonly codes: number;
  readonly sizes: readonly number[];
  /** Where codes that no item has are left out; `after` the softmax where it is not said. */
  readonly mask?: CodeMask;
  /** Weight of the popularity that is taken off scores, where some is. */
  readonly debias?: number;
  readonly parameters: number;
  readonly rows: readonly {
    readonly beams: number;
    readonly seqrec: readonly number[];
    readonly peers: Readonly<Partial<Record<GeneratePeer, readonly number[]>>>;
  }[];
  /** Versions of what was run. */
  readonly versions: Readonly<Partial<Record<GeneratePeer, string>>>;
  readonly missing: Readonly<Partial<Record<GeneratePeer, string>>>;
}

/**
 * Times constrained beams over test histories of a recipe of generation, fresh weights, in turn with the same model in
 * PyTorch: encoder or history once a user, kept keys, a trie.
 */
export async function benchGenerate(request: GenerateRequest): Promise<GenerateBench> {
  const progress = new Progress({ quiet: request.quiet });
  const { name, config, data, generation, choice, trainer } = await openCodesSubject(request, progress);
  const { codes, mask, debias, language } = generation;
  const { model } = trainer;
  const set = windowed(data.split.test, config.model.maxSequenceLength);
  const users = Array.from(set.targets.keys())
    .filter((e) => set.starts[e] < set.targets[e])
    .slice(0, request.users);
  if (users.length < request.users)
    throw new ConfigError(`--users: expected at most ${users.length}, those with a history; got ${request.users}`);
  const { batchSize } = config.evaluation;
  const symbols = codeSymbols(codes);
  const trie = new CodeTrie(codes);
  const penalty = debiasOf(trie, debias);
  const writer = codeWriter(model, generation);
  const finder = await candidateFinder(trie, denseDecoding(generation, model));
  const whole = codeBatch(makeBatch(set, users), symbols, { targets: false }).batch;
  const threads = Number((choice.details as { threads?: number }).threads ?? 1);
  const parameters = countParameters(model).total;
  const absent =
    withoutPeer(model.config, language) ??
    withoutBeams(model.config) ??
    (penalty && 'the program takes no popularity off scores, as task.debias does');
  const python = request.peers.length === 0 || absent !== undefined ? { missing: absent ?? '' } : findPython();
  const missing: Partial<Record<GeneratePeer, string>> = {};
  const versions: Partial<Record<GeneratePeer, string>> = {};
  if ('missing' in python) for (const peer of request.peers) missing[peer] = python.missing;
  const rows = request.beams.map((beams) => ({
    beams,
    seqrec: [] as number[],
    peers: {} as Partial<Record<GeneratePeer, number[]>>,
  }));
  const input: PeerInput | undefined =
    request.peers.length > 0 && 'path' in python
      ? writeCodesDecoding(model.config, codes, { histories: rowsOf(whole.itemIds, whole.offsets), batchSize, mask })
      : undefined;
  try {
    progress.start();
    await decode(request.beams[0]);
    for (let round = 0; round < request.rounds; round++) {
      for (const row of rows) {
        progress.update({
          label: `round ${round + 1}/${request.rounds}, ${row.beams} beams`,
          done: round,
          total: request.rounds,
          fields: [],
        });
        const begin = performance.now();
        await decode(row.beams);
        row.seqrec.push((performance.now() - begin) / 1000);
        if (input === undefined || 'missing' in python) continue;
        for (const peer of request.peers) {
          if (missing[peer] !== undefined) continue;
          const more = ['--beams', String(row.beams)];
          const result = runPeer(python.path, input, { peer, threads, steps: 1, warmup: 1, more });
          if ('missing' in result) missing[peer] = result.missing;
          else if (result.parameters !== parameters)
            missing[peer] = `another model: it has ${result.parameters} parameters, ours has ${parameters}`;
          else {
            row.peers[peer] = [...(row.peers[peer] ?? []), ...result.seconds];
            versions[peer] = result.torch;
          }
        }
      }
    }
    progress.clear();
  } finally {
    input?.remove();
    finder.dispose();
    trainer.dispose();
    model.dispose();
  }
  return {
    ...{ recipe: name, environment: describeEnvironment(choice), threads, rounds: request.rounds, users: users.length },
    ...{ batchSize, codes: whole.itemIds.length, sizes: codes.sizes, mask, parameters, rows, versions, missing },
    ...(penalty && { debias: debias.weight }),
  };

  async function decode(width: number): Promise<void> {
    for (let first = 0; first < users.length; first += batchSize) {
      const block = users.slice(first, first + batchSize);
      const reader = writer.read(makeBatch(set, block), symbols);
      await finder.find(reader, block.length, { trie, width, mask, ...(penalty && { penalty }) });
      reader.dispose();
    }
  }
}

export function listGenerateBench(bench: GenerateBench): Listing {
  const rate = (seconds: readonly number[]): string => (bench.users / median(seconds)).toFixed(0);
  const { environment, parameters, sizes } = bench;
  const peers = Object.keys(bench.versions) as GeneratePeer[];
  const rows = bench.rows.map(({ beams, seqrec, peers: theirs }) => [
    String(beams),
    rate(seqrec),
    ...peers.flatMap((peer) => {
      const seconds = theirs[peer];
      return seconds === undefined ? ['-', '-'] : [rate(seconds), (median(seconds) / median(seqrec)).toFixed(1)];
    }),
  ]);
  const pairs = [
    ['recipe', `${bench.recipe}, ${parameters.toLocaleString('en')} parameters, fresh weights`],
    ['users', `${bench.users} in batches of ${bench.batchSize}, ${bench.codes} codes of histories`],
    ['codes', `${sizes.join(' x ')}, beams in the trie of all items`],
    ['mask', `${bench.mask ?? 'after'} the softmax`],
    ...(bench.debias === undefined ? [] : [['popularity taken off', `${bench.debias} of its logarithm`] as const]),
    ['threads', String(bench.threads)],
    ['cpu', `${environment.cpu}, Node ${environment.node}`],
    ['rounds', `${bench.rounds}, contestants in turn, medians`],
  ] as const;
  const products = productsOf(environment);
  const columns = peers.flatMap((peer) => [`users/s, ${inWords[peer]} ${bench.versions[peer]}`, 'ratio']);
  return [
    { pairs: products === undefined ? pairs : [...pairs, ['products', describeProducts(products)]] },
    figures(['beams', 'users/s', ...columns], rows),
    ...Object.entries(bench.missing).flatMap(([peer, reason]) => lines(`${inWords[peer as GeneratePeer]}: ${reason}`)),
  ];
}

const inWords: Readonly<Record<GeneratePeer, string>> = {
  best: 'PyTorch',
  transformers: 'generate of PyTorch',
};
