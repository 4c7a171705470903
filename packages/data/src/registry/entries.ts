import type { AmazonSource } from '../sources/amazon.ts';
import type { CsvSource } from '../sources/csv-source.ts';
import type { MindSource } from '../sources/mind.ts';
import type { MovieLensSource } from '../sources/movielens.ts';
import type { UserLinesSource } from '../sources/user-lines.ts';
import type { YelpSource } from '../sources/yelp.ts';

export interface Checksum {
  readonly algorithm: 'md5' | 'sha256';
  readonly hex: string;
}

type WithoutPath<S> = S extends unknown ? Omit<S, 'path' | 'name'> : never;

export interface DatasetEntry {
  readonly name: string;
  readonly title: string;
  /** Names it may have inside a data folder, tried in this order. */
  readonly files: readonly string[];
  readonly source: WithoutPath<MovieLensSource | AmazonSource | MindSource | YelpSource | UserLinesSource | CsvSource>;
  /** Where the publisher offers it; absent when there is no file that can be read as it is. */
  readonly url?: string;
  /** md5: published beside the file; sha256: as two independent projects state it. */
  readonly checksum?: Checksum;
  /** How to get it when there is no `url`. */
  readonly obtain?: string;
  /** Published counts; `items` is the corpus, all items listed. */
  readonly expected?: { readonly users: number; readonly items: number; readonly events: number };
  /** Terms of use, in a few words. */
  readonly terms: string;
}

const groupLens = 'GroupLens: research use, no redistribution';
const movieLens = (name: string, title: string, rest: Partial<DatasetEntry>): DatasetEntry => ({
  name,
  title,
  files: [`${name}.zip`, name],
  source: { format: 'movielens' },
  url: `https://files.grouplens.org/datasets/movielens/${name}.zip`,
  terms: groupLens,
  ...rest,
});

/**
 * The layout since ML-20M is sorted by user and movie, so that events of one second stand in the order of the movies.
 */
const byMovie = { source: { format: 'movielens', ties: 'shuffle' } } as const;

const fiveCore = (name: string, title: string, expected: DatasetEntry['expected']): DatasetEntry => ({
  name: `amazon-${name}`,
  title: `Amazon 2014 ${title}, 5-core`,
  files: [`amazon2014-${name}`, `amazon-${name}`, `amazon2014-${name}.zip`, `amazon-${name}.zip`],
  source: { format: 'amazon' },
  obtain: 'prepare a folder with interactions.tsv (user, item, timestamp) and items.tsv',
  expected,
  terms: 'Amazon reviews: research use',
});

/** Every dataset known by name. */
export const datasets: readonly DatasetEntry[] = [
  movieLens('ml-100k', 'MovieLens 100K', {
    checksum: { algorithm: 'md5', hex: '0e33842e24a9c977be4e0107933c0723' },
    expected: { users: 943, items: 1682, events: 100_000 },
  }),
  movieLens('ml-1m', 'MovieLens 1M', {
    checksum: { algorithm: 'md5', hex: 'c4d9eecfca2ab87c1945afe126590906' },
    expected: { users: 6040, items: 3883, events: 1_000_209 },
  }),
  movieLens('ml-10m', 'MovieLens 10M', {
    files: ['ml-10m.zip', 'ml-10m', 'ml-10M100K'],
    checksum: { algorithm: 'md5', hex: 'ce571fd55effeba0271552578f2648bd' },
    expected: { users: 69_878, items: 10_681, events: 10_000_054 },
  }),
  movieLens('ml-20m', 'MovieLens 20M', {
    ...byMovie,
    checksum: { algorithm: 'md5', hex: 'cd245b17a1ae2cc31bb14903e1204af3' },
    expected: { users: 138_493, items: 27_278, events: 20_000_263 },
  }),
  movieLens('ml-25m', 'MovieLens 25M', {
    ...byMovie,
    checksum: { algorithm: 'md5', hex: '6b51fb2759a8657d3bfcbfc42b592ada' },
    expected: { users: 162_541, items: 62_423, events: 25_000_095 },
  }),
  // Republished from time to time, so the publisher's checksum changes; the counts are those of September 2018.
  movieLens('ml-latest-small', 'MovieLens Latest, small', {
    ...byMovie,
    expected: { users: 610, items: 9742, events: 100_836 },
  }),
  fiveCore('beauty', 'Beauty', { users: 22_363, items: 12_101, events: 198_502 }),
  fiveCore('sports', 'Sports and Outdoors', { users: 35_598, items: 18_357, events: 296_337 }),
  {
    name: 'amazon-grocery',
    title: 'Amazon 2014 Grocery, the training part of ReChorus',
    files: ['amazon2014-grocery', 'amazon-grocery'],
    source: {
      format: 'csv',
      file: 'train.csv',
      columns: { user: 'user_id', item: 'item_id', time: 'time' },
      items: {
        file: 'item_meta.csv',
        id: 'item_id',
        columns: { categories: { kind: 'ids', distinct: true, column: 'i_category' } },
        categories: 'categories',
      },
      // Whole days, as in all Amazon data of 2014.
      ties: 'shuffle',
    },
    obtain: 'the folder Grocery_and_Gourmet_Food of THUwangcy/ReChorus',
    expected: { users: 14_681, items: 8713, events: 121_892 },
    terms: 'Amazon reviews: research use',
  },
  {
    name: 'online-retail',
    title: 'Online Retail (UCI), rows with a customer; the rating is the quantity, negative for cancellations',
    files: ['online_retail.csv.gz', 'online_retail.csv', 'online-retail-uci', 'online-retail'],
    source: {
      format: 'csv',
      columns: { user: 'CustomerID', item: 'StockCode', time: 'ts', rating: 'Quantity', title: 'Description' },
      further: { InvoiceNo: { kind: 'id' }, UnitPrice: { kind: 'number' }, Country: { kind: 'id' } },
      request: 'InvoiceNo',
      withoutUser: 'skip',
      // One invoice is one minute, and its lines are in no order of events.
      ties: 'shuffle',
    },
    obtain: 'the table of archive.ics.uci.edu/dataset/352 as CSV with the time in seconds as column ts',
    expected: { users: 4372, items: 3684, events: 406_829 },
    terms: 'CC BY 4.0',
  },
  {
    name: 'mind',
    title: 'MIND small (news), all that was shown; filter with minRating 1 for the clicks',
    files: ['mind', 'mind-small', 'mind-small-part', 'MINDsmall_train', 'MINDsmall_train.zip'],
    source: { format: 'mind' },
    obtain: 'accept the terms of msnews.github.io and unpack MINDsmall_train: behaviors.tsv and news.tsv',
    terms: 'Microsoft Research License: research use',
  },
  {
    name: 'yelp',
    title: 'Yelp, the academic data set: all reviews; filter with kCore',
    files: ['yelp', 'yelp_dataset', 'yelp.zip', 'yelp_dataset.zip'],
    source: { format: 'yelp' },
    obtain:
      'accept the terms of yelp.com/dataset and unpack review.json, business.json and user.json into a folder yelp',
    terms: 'Yelp: academic use, no redistribution',
  },
  {
    name: 'yelp-2019',
    title: 'Yelp, reviews of 2019 by users and places with at least five, one user a line',
    files: ['yelp-2019'],
    source: { format: 'user-lines' },
    obtain: 'put Yelp_item.txt and Yelp_time.txt, one user a line, into a folder yelp-2019',
    expected: { users: 30_431, items: 20_033, events: 316_354 },
    terms: 'Yelp: academic use, no redistribution',
  },
  {
    name: 'trivago',
    title: 'trivago session data of the RecSys Challenge 2019, all actions',
    files: ['trivago', 'trivago-100k', 'trivago_val_100k.csv.gz', 'train.csv'],
    source: {
      format: 'csv',
      columns: { user: 'user_id', item: 'reference', time: 'timestamp' },
      further: {
        action_type: { kind: 'id' },
        session_id: { kind: 'id' },
        step: { kind: 'number' },
        platform: { kind: 'id' },
        city: { kind: 'id' },
        device: { kind: 'id' },
        current_filters: { kind: 'ids' },
        // The list that was shown at a click, and its prices in the same order.
        impressions: { kind: 'ids', vocabulary: 'reference' },
        prices: { kind: 'ids' },
      },
      action: 'action_type',
      request: 'session_id',
    },
    obtain: 'recsys.trivago.cloud, the data set of the challenge',
    terms: 'trivago: research use, no redistribution',
  },
  {
    name: 'amazon-books',
    title: 'Amazon 2014 Books, raw ratings; filter with kCore({ users: 5, items: 5, iterate: false }) and minLength',
    files: ['ratings_Books.csv', 'ratings_Books.csv.gz', 'amazon-books/ratings_Books.csv'],
    source: { format: 'amazon' },
    url: 'https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/ratings_Books.csv',
    checksum: { algorithm: 'sha256', hex: '87d923ddac2aacf40c1d0e0e056dbf4bf69c9c7d41852c6b434e781e759c0707' },
    terms: 'Amazon reviews: research use',
  },
];
