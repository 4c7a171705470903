import { availableParallelism } from 'node:os';
import { choiceOption, integerOption } from '../../arguments.ts';
import { PEERS, type Peer } from '../../measure/bench/peer.ts';
import { BACKEND, type Bench, countList, LIBRARY, RECIPE } from './request.ts';

/** Epochs of a recipe. */
export const epoch: Bench = {
  reads: [...RECIPE, ...BACKEND, ...LIBRARY, 'repeat'],
  run: async ({ options, training, show }) => {
    const { benchEpoch, listEpochBench } = await import('../../measure/bench/epoch.ts');
    return show(
      await benchEpoch({ ...training, repeat: integerOption('repeat', options.repeat) ?? 1 }),
      listEpochBench,
    );
  },
};

/** Steps of a recipe, and those of peers. */
export const step: Bench = {
  reads: [...RECIPE, ...BACKEND, ...LIBRARY, 'rounds', 'peer', 'items'],
  run: async ({ options, training, rounds, show }) => {
    const { benchStep, listStepBench } = await import('../../measure/bench/step.ts');
    const peer = choiceOption('peer', options.peer, [...PEERS, 'all']);
    const peers: readonly Peer[] = peer === undefined ? [] : peer === 'all' ? PEERS : [peer as Peer];
    const standInItems = integerOption('items', options.items);
    return show(await benchStep({ ...training, rounds: rounds ?? 3, peers, standInItems }), listStepBench);
  },
};

/** Steps over catalogues that grow. */
export const catalogue: Bench = {
  reads: [...BACKEND, ...LIBRARY, 'items', 'steps', 'embeddings'],
  run: async ({ options, show }) => {
    const { benchCatalogue, EMBEDDINGS, listCatalogueBench } = await import('../../measure/bench/catalogue.ts');
    const items = countList('items', options.items ?? '10000,100000,1000000');
    const steps = integerOption('steps', options.steps) ?? 20;
    const only = choiceOption('embeddings', options.embeddings, EMBEDDINGS);
    const embeddings = only === undefined ? EMBEDDINGS : [only];
    const request = { backend: options, items, steps, embeddings, quiet: options.quiet ?? false };
    return show(await benchCatalogue(request), listCatalogueBench);
  },
};

/** Steps on different numbers of threads. */
export const threads: Bench = {
  reads: [...RECIPE, 'threads', 'rounds'],
  run: async ({ options, training, rounds, show }) => {
    const { benchThreads, listThreadsBench } = await import('../../measure/bench/threads.ts');
    const threads = countList('threads', options.threads ?? `1,${availableParallelism()}`);
    return show(await benchThreads({ ...training, threads, rounds: rounds ?? 3 }), listThreadsBench);
  },
};

/** Whether a long training keeps its memory. */
export const memory: Bench = {
  reads: [...RECIPE, ...BACKEND, ...LIBRARY, 'steps'],
  run: async ({ options, training, show }) => {
    const { benchMemory, isConstant, listMemoryBench } = await import('../../measure/bench/memory.ts');
    const result = await benchMemory({ ...training, steps: integerOption('steps', options.steps, 3) ?? 5000 });
    await show(result, listMemoryBench);
    return isConstant(result) ? 0 : 1;
  },
};
