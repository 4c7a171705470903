// A new setting is named here: a test gives it every absurd value.

const labels = { kind: 'dense-all-action', cut: 'last', windowDays: 28, maxLabels: 4 };
const schedule = { epochs: 4, controlEpochs: 2, order: 'control-first' };
const window = { maxHistory: 'all', schedule, stride: 2 };
const shape = {
  embeddingDim: 8,
  maxSequenceLength: 24,
  numBlocks: 1,
  inputDropout: 0.1,
  itemDropout: 0.1,
  learnedTemperature: true,
};
/** Sections that the small recipe does not have; together they name every key of the schema of a run of sequences. */
export const everyKey: Readonly<Record<string, Record<string, unknown>>> = {
  hstu: {},
  production: {
    model: {
      kind: 'hstu',
      ...{ ...shape, numHeads: 1, outputLength: 11, dqk: 8, dv: 8, block: 'production', linearDropout: 0.1 },
      ...{ inputEncoding: 'reverse-position-time', ageBuckets: 16, ageScale: 'log', initialStd: 0.02 },
      ...{ maxAttentionLength: 8, globalAttentionLength: 2, minFullAttentionLength: 2 },
    },
    windows: { policy: 'weighted', ...window, decay: 4 },
  },
  sasrec: {
    model: {
      ...{ kind: 'sasrec', ...shape, numHeads: 2, outputLength: 11, ffnDim: 8, ffnDropout: 0.1, activation: 'relu' },
      ...{ affineNorms: true, initialStd: 0.02, positionsFrom: 'newest', seesPadding: true, inputScale: 'one' },
    },
    objective: { kind: 'bce', numNegatives: 1, labels: { kind: 'sasrec', cut: 'last' } },
    windows: { policy: 'strided-offset', maxHistory: 48, offsetEpochs: 3, budget: 'steps' },
  },
  dssm: {
    model: {
      kind: 'dssm',
      ...{ maxSequenceLength: 24, maxHistory: 8, userId: true, itemId: true, history: true, embeddingDim: 4 },
      ...{ queryHiddenSizes: [8], itemHiddenSizes: [8], outputDim: 4, dropout: 0.1, similarity: 'cosine' },
      ...{ idDropout: 0.1, embeddingStd: 0.1, embeddingL2: 1e-6, netL2: 1e-6 },
    },
  },
  pinnerformer: {
    model: {
      kind: 'pinnerformer',
      ...{ ...shape, modelDim: 8, numHeads: 2, ffnDim: 8, blockDropout: 0.1, time: true, actions: 'none' },
      ...{ duration: 'none', actionDim: 4, itemDim: 8, freezeItems: false, itemHiddenDim: 8 },
    },
    objective: {
      kind: 'pool-softmax',
      negatives: { kind: 'mixed', inBatch: 32, random: 32 },
      ...{
        logQ: 'sketch',
        logQForm: 'corrected',
        sketch: { depth: 2, width: 64 },
        weighting: 'user',
        labels,
        temperature: 0.05,
        actionWeight: 0,
      },
    },
    windows: { policy: 'stochastic-length', alpha: 1.5, subsequence: 'recent' },
  },
  llama: {
    model: { kind: 'transformer-plus-plus', ...shape, numHeads: 2, headDim: 4, ffnDim: 8, blockDropout: 0.1 },
  },
  fuxi: {
    model: {
      kind: 'fuxi-alpha',
      ...{ ...shape, numHeads: 2, dqk: 4, dv: 4, channels: 'position-time-content', numTimeBuckets: 8 },
      ...{ ffnDim: 8, multistage: true, linearDropout: 0.1, initialStd: 0.02 },
    },
  },
  ligr: {
    model: {
      kind: 'transformer',
      ...{ ...shape, numHeads: 2, ffnDim: 8, blockDropout: 0.1, block: 'ligr', activation: 'swiglu' },
      ...{ gatedResidual: true, ffnBias: false, ffnDropout: 0.1, finalNorm: false, initialStd: 0.02 },
    },
  },
  masked: {
    model: { kind: 'transformer', ...shape, numHeads: 2, attention: 'bidirectional', similarity: 'dot' },
    objective: {
      kind: 'full-softmax',
      temperature: 1,
      labels: { kind: 'masked', probability: 0.3, lastOnly: 0.1 },
    },
  },
  features: {
    model: {
      ...{ kind: 'transformer-plus-plus', ...shape, numHeads: 2, headDim: 4, ffnDim: 8, features: ['category'] },
      ...{ combineFeatures: 'concat', featureDim: 4, itemFeatures: 'both', idDropout: 0.1 },
    },
    objective: { kind: 'sampled-softmax', numNegatives: 4, negativeItems: 'trained' },
  },
  gru: {
    model: { kind: 'gru4rec', ...shape, hiddenDim: 8, blockDropout: 0.1, inputScale: 'one', outputProjection: true },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    optimizer: {
      ...{ kind: 'muon', learningRate: 1e-3, decayVectors: false, clipNorm: 1, epsilon: 1e-8 },
      ...{ muon: { learningRate: 1e-3, momentum: 0.9, nesterov: true, scale: 'adamw', byBlock: true } },
      ...{ tables: { kind: 'adagrad', learningRate: 1e-3, weightDecay: 0 } },
      schedule: { kind: 'cosine', warmupSteps: 2, warmupFrom: 0.1, steps: 4, floor: 0.1 },
    },
  },
  gbce: {
    objective: { kind: 'gbce', numNegatives: 4, t: 0.5, ownLabels: 'masked' },
  },
  sce: {
    objective: { kind: 'sce', buckets: 4, bucketPairs: 8, bucketItems: 8, mix: false, average: 'all' },
  },
  divided: {
    objective: { kind: 'bce', numNegatives: 2, divisor: 'all', ownLabels: 'kept' },
  },
  plateau: {
    optimizer: {
      learningRate: 1e-3,
      schedule: {
        ...{ kind: 'plateau', warmupSteps: 2, factor: 0.5, patience: 1, threshold: 0.01, cooldown: 1, floor: 0 },
        metric: 'HR@10',
      },
    },
  },
  codes: {
    task: {
      ...{ kind: 'generation', beams: 250, mask: 'before', debias: 0.5 },
      ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 }, collisions: 'counter', fitTo: 'catalogue', seed: 1 },
    },
    model: { kind: 'sasrec', ...shape, maxSequenceLength: 8, numHeads: 1, outputLength: 1, ffnDim: 8, ffnDropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    windows: undefined,
  },
  hybrid: {
    task: {
      ...{ kind: 'generation', beams: 250, ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 } } },
      dense: {
        ...{ weight: 0.5, vectors: 'table', width: 4, after: 1, temperature: 0.1, levels: 1, mix: 0.5, cold: false },
      },
    },
    model: { kind: 'sasrec', ...shape, maxSequenceLength: 8, numHeads: 1, outputLength: 1, ffnDim: 8, ffnDropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    windows: undefined,
  },
  language: {
    task: {
      ...{ kind: 'generation', beams: 'all', ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 } } },
      language: {
        tasks: { retrieve: 1, masked: 1, preferred: 0.5, toTitle: 0, fromTitle: 0, toAttributes: 0 },
        ...{ histories: 8, minCount: 2, maxWords: 4 },
      },
    },
    model: { kind: 'sasrec', ...shape, maxSequenceLength: 8, numHeads: 1, outputLength: 1, ffnDim: 8, ffnDropout: 0.1 },
    objective: { kind: 'full-softmax', temperature: 0.05 },
    windows: undefined,
  },
  t5: {
    task: { kind: 'generation', beams: 'all', ids: { tokenizer: { kind: 'random', levels: 2, codes: 64 } } },
    model: {
      ...{ kind: 't5', embeddingDim: 8, numHeads: 2, headDim: 4, ffnDim: 8, encoderBlocks: 1, decoderBlocks: 1 },
      ...{ maxSequenceLength: 8, feedForward: 'gated-gelu', relativeBuckets: 8, maxDistance: 16, tables: 'apart' },
      ...{ head: 'own', softmax: 'all', cuts: 'last', dropout: 0.1 },
    },
    objective: { kind: 'full-softmax', temperature: 1 },
    windows: undefined,
  },
  parts: {
    evaluation: {
      ...{ ks: [10], batchSize: 8, excludeSeen: true, selectBy: 'HR@10', lists: 5 },
      segments: [{ trainingRows: 'items', bounds: [1, 5], label: 'any' }],
    },
  },
  stairs: { optimizer: { learningRate: 1e-3, schedule: { kind: 'stairs', every: 2, factor: 0.5 } } },
};
