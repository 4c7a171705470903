import { defineRecipe } from '../../src/config/recipe.ts';
import { referenceEvaluation, referenceObjective, referenceOptimizer } from '../../src/config/reference.ts';

export const recipe = defineRecipe({
  claim: 'Windows from all over the latest 500 events teach HSTU of 50 events more than the newest window alone',
  source:
    'Joshi et al., "Sliding Window Training", RecSys 2024 (arXiv:2409.14517): mixed training, maxHistory 500; model and optimiser as ml-1m/hstu',
  expected:
    'over --windows.policy control, three seeds: HR@10 of older windows +5.5 % (± 5.6), MRR +4.8 % (± 1.1), mAP of item vectors +18.6 % (± 3.9); the paper reports gains on all its sets, of private data. The comparison is `seqrec reproduce sliding-window/ml-1m`',
  cost: '1.2 s an epoch, 3 s of tests at the end, on 1 thread of an AMD EPYC (Zen 5), Node 24',
  command: 'npx -y pnpm@12 seqrec train ml-1m/hstu-sliding --data data',
  config: {
    data: { format: 'named', name: 'ml-1m', split: 'leave-last-out', heldOut: { share: 0.2, seed: 1 } },
    model: {
      kind: 'hstu',
      embeddingDim: 50,
      maxSequenceLength: 50,
      outputLength: 11,
      numBlocks: 2,
      numHeads: 1,
      dqk: 50,
      dv: 50,
      inputDropout: 0.2,
      linearDropout: 0.2,
      relativeBias: 'position-time',
    },
    objective: referenceObjective,
    optimizer: referenceOptimizer,
    // One epoch slides, the next takes the newest windows, and so on: X = N / 2 whenever training ends.
    windows: {
      policy: 'one-random',
      maxHistory: 500,
      schedule: { epochs: 2, controlEpochs: 1, order: 'interleaved' },
    },
    training: { epochs: 100, batchSize: 128, shuffle: true, evaluateEvery: 10 },
    evaluation: { ...referenceEvaluation, checkpoint: 'last' },
    seed: 42,
  },
});
