import { z } from 'zod';
import { size } from '../config/fields.ts';
import { etaConfigSchema } from '../rankers/eta/config.ts';
import { etaNet, type RetrievalModule } from '../rankers/eta/eta.ts';
import type { NetOptions, RankerNet } from '../rankers/row-model.ts';
import type { SequenceParts } from '../rankers/sequence/net.ts';
import { simConfigSchema } from '../rankers/sim/config.ts';
import { type SimModule, simNet } from '../rankers/sim/sim.ts';
import { checkedFields, type GoldenTensor, tensorOf } from './file.ts';
import { compareFuxiCtr } from './fuxictr.ts';
import { fieldsOfFile, parseFuxiCtr } from './fuxictr-file.ts';
import { historyOfFile } from './fuxictr-history.ts';
import { columnsOf, mlpPlaces, optionsOf, places, RUN, sharedSettings, TABLES, tablePlaces } from './fuxictr-model.ts';
import type { Place } from './module.ts';
import type { GoldenReport } from './report.ts';

const shared = {
  ...{ embedding_dim: size, attention_dim: size, num_heads: size, short_seq_len: size, topk: size },
  dnn_hidden_units: z.array(size),
};
const argumentsSchema = z.union([
  z.object({ ...shared, alpha: z.number(), beta: z.number() }),
  z.object({ ...shared, hash_bits: size }),
]);

type Net = RankerNet & SequenceParts<RetrievalModule & Partial<Pick<SimModule, 'search'>>>;

/** Models of long histories of FuxiCTR: `item` and `cate` are histories, oldest first, and the item after them. */
export async function checkFuxiCtrLong(json: unknown): Promise<GoldenReport | string> {
  const given = parseFuxiCtr(json);
  const { features } = given.config;
  const ofItems = features.flatMap((each) => (each.source === 'item' ? [each.name] : []));
  const [count, length] = tensorOf(given.inputs, ofItems[0]).shape;
  const { data: mask } = tensorOf(given.inputs, 'mask');
  const inputs: Record<string, GoldenTensor> = { ...given.inputs };
  for (const name of ofItems) {
    const { data } = tensorOf(given.inputs, name);
    const rows = Array.from({ length: count }, (_, b) => data.slice(b * length, (b + 1) * length));
    inputs[name] = { shape: [count], data: rows.map((row) => row[length - 1]) };
    // Where the mask is 0 the id is 0, which is padding.
    const history = rows.flatMap((row, b) => row.slice(0, -1).map((id, l) => id * mask[b * (length - 1) + l]));
    inputs[`${name}History`] = { shape: [count, length - 1], data: history };
  }
  const file = { ...given, inputs };
  const fields = fieldsOfFile(file);
  const sequences = ofItems.map((name) => `${name}History`);
  const maxEvents = length - 1;
  const {
    fields: history,
    history: rows,
    dispose,
  } = historyOfFile(file, fields, { targets: ofItems, sequences, maxEvents });
  const net = netOf(file, { ...optionsOf(fields), history });
  if (typeof net === 'string') return net;
  const columns = columnsOf(fields);
  const { short, long, search } = net.module;
  const ofAttention = (name: string, layer: typeof short) =>
    Object.fromEntries(layer.names.map((own) => [`${name}.${own}`, { variable: layer.weight(own) }]));
  const weights: Record<string, Place> = {
    ...tablePlaces(net.fields, fields, TABLES),
    ...ofAttention('short_attention', short),
    ...ofAttention('long_attention', long),
    ...mlpPlaces(net.tower.layers[0] as never, 'dnn', 0),
    ...(search && places(search, { 'W_a.weight': 'W_a.weight', 'W_b.weight': 'W_b.weight' })),
    ...(search && mlpPlaces(net.net[net.net.length - 1] as never, 'dnn_aux', 0)),
  };
  const { branches } = net;
  return compareFuxiCtr(file, {
    layers: net,
    l2: { embeddingL2: 0, netL2: 0 },
    places: weights,
    logits: () => net.logits(columns, RUN, rows),
    ...(branches && {
      branches: { names: ['y_aux'], logits: () => branches.logits(columns, RUN, rows), loss: branches.loss },
    }),
    taps: {},
    dispose,
  });
}

function netOf(file: ReturnType<typeof parseFuxiCtr>, options: NetOptions): Net | string {
  const given = checkedFields(argumentsSchema, file.config.arguments, 'config.arguments.');
  const settings = {
    ...sharedSettings,
    ...{ embeddingDim: given.embedding_dim, hiddenSizes: given.dnn_hidden_units, topK: given.topk },
    ...{ attentionDim: given.attention_dim, numHeads: given.num_heads, shortEvents: given.short_seq_len },
    mask: 'fuxictr',
  };
  if (file.config.model === 'SIM' && 'alpha' in given) {
    const weights = { auxiliaryWeight: given.alpha, mainWeight: given.beta };
    return simNet(simConfigSchema.parse({ kind: 'sim', ...settings, ...weights }), options);
  }
  if (file.config.model === 'ETA' && 'hash_bits' in given) {
    const config = etaConfigSchema.parse({ kind: 'eta', ...settings, hashBits: given.hash_bits });
    return etaNet(config, options, Float32Array.from(tensorOf(file.parameters, 'random_rotations').data));
  }
  return `no ${file.config.model}`;
}
