import { columnsOfVectors, idsDigest, readsVectors, type StoredIds } from '@seqrec/models';
import { formatCount } from '../terminal/format.ts';
import { figures, type Listing, lines } from '../terminal/listing.ts';

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const decimal = (value: number | undefined, digits: number): string =>
  value === undefined ? '-' : value.toFixed(digits).replace(/^0\./, '.');

/** Settings in words, those of a section under its name; a section's kind is its value. */
function saidOf(settings: object, under = ''): string[] {
  return Object.entries(settings).flatMap(([key, value]): string[] => {
    const name = under === '' ? key : `${under}.${key}`;
    const isSection = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isSection ? saidOf(value, name) : [`${key === 'kind' ? under : name} ${value}`];
  });
}

/** Ids of items: what they are and what the codes were like before they were made unique. */
export function listIds(ids: StoredIds): Listing {
  const { report, codes, config, data, version, hasCounter } = ids;
  const { colliding, consecutive, heaviest, randomJaccard, reconstruction, levels } = report;
  const vectors = config.vectors
    .map(({ kind, ...rest }, at) => {
      if ('path' in rest) return rest.path;
      const columns = columnsOfVectors(ids.vectors, at);
      return columns === undefined ? kind : `${kind} of ${columns.join(', ')}`;
    })
    .join(' beside ');
  const { kind, ...settings } = config.tokenizer;
  const said = saidOf(settings);
  const distinct = levels[levels.length - 1].prefixes;
  return [
    {
      pairs: [
        ['items', `${formatCount(codes.count)} of ${data}`],
        ...(report.items === codes.count
          ? []
          : ([['figures below', `of the ${formatCount(report.items)} items of the fit`]] as const)),
        ['vectors', readsVectors(config.tokenizer) ? vectors : 'not read'],
        ['tokenizer', [kind, ...said].join(', ')],
        ['codes of an item', `${codes.sizes.join(' x ')}${hasCounter ? ', the last a counter' : ''}`],
        [
          'sharing all codes',
          `${formatCount(colliding.items)} items, ${percent(colliding.share)}, at most ${colliding.largest} alike; ${formatCount(report.items - distinct)} (${percent((report.items - distinct) / report.items)}) beyond the first of each`,
        ],
        ...(reconstruction === undefined
          ? []
          : ([['missed by the decoder', `${decimal(reconstruction, 3)} of the energy of the vectors`]] as const)),
        ...(consecutive
          ? ([
              [
                'neighbours with one first code',
                `${decimal(consecutive.equal, 3)} of training pairs; ${decimal(consecutive.expected, 4)} if independent`,
              ],
            ] as const)
          : []),
        ...(heaviest
          ? ([['heaviest first code', `${heaviest.code}, ${percent(heaviest.share)} of the training events`]] as const)
          : []),
        ['version', `${version}, digest ${idsDigest(ids).slice(0, 12)}`],
      ],
    },
    figures(
      ['level', 'codes', 'used', 'perplexity', 'prefixes', 'children of one', 'most', 'energy left', 'Jaccard'],
      levels.map((level, l) => [
        String(l + 1),
        String(level.codes),
        String(level.used),
        level.perplexity.toFixed(0),
        formatCount(level.prefixes),
        level.fanOut.mean.toFixed(1),
        String(level.fanOut.most),
        decimal(level.residualEnergy, 3),
        decimal(level.jaccard, 2),
      ]),
    ),
    ...lines(
      randomJaccard !== undefined &&
        `Jaccard: of the attributes of two items whose codes agree up to the level; of any two ${decimal(randomJaccard, 3)}.`,
      heaviest !== undefined && heaviest.share > 0.1 && 'One first code has more than a tenth of the training events.',
    ),
  ];
}
