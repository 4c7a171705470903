import { choiceOption, integerOption } from '../../arguments.ts';
import { GENERATE_PEERS, type GeneratePeer } from '../../measure/bench/peer.ts';
import { BACKEND, type Bench, countList, LIBRARY, RECIPE } from './request.ts';

/** What is decoded by unless told otherwise. */
const GENERATE_RECIPE = 'amazon-beauty/sid-decoder';

/** Ranks of users among items. */
export const evaluate: Bench = {
  reads: [...RECIPE, ...BACKEND, ...LIBRARY, 'rounds', 'users', 'items', 'width', 'large'],
  run: async ({ options, training, rounds, show }) => {
    const { benchEvaluate, listEvaluateBench } = await import('../../measure/bench/evaluate.ts');
    const size = {
      users: integerOption('users', options.users),
      items: integerOption('items', options.items, 2),
      width: integerOption('width', options.width),
    };
    const request = { ...training, ...size, rounds: rounds ?? 7, large: options.large ?? false };
    return show(await benchEvaluate(request), listEvaluateBench);
  },
};

/** Items that beams of codes find. */
export const generate: Bench = {
  reads: [...RECIPE, ...BACKEND, ...LIBRARY, 'rounds', 'peer', 'beams', 'users'],
  run: async ({ options, training, rounds, invocation, show }) => {
    const { benchGenerate, listGenerateBench } = await import('../../measure/bench/codes/generate.ts');
    const asked = {
      beams: countList('beams', options.beams ?? '10,30,50'),
      users: integerOption('users', options.users) ?? 512,
      rounds: rounds ?? 3,
      peers: generatePeers(options.peer),
    };
    const recipe = invocation.argv.some((word) => word.startsWith('--recipe')) ? training.recipe : GENERATE_RECIPE;
    return show(await benchGenerate({ ...training, recipe, ...asked }), listGenerateBench);
  },
};

function generatePeers(value: unknown): readonly GeneratePeer[] {
  const peer = choiceOption('peer', value, [...GENERATE_PEERS, 'all']);
  return peer === undefined ? [] : peer === 'all' ? GENERATE_PEERS : [peer as GeneratePeer];
}
