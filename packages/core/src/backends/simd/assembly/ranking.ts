// Exact ranks and best items of many queries: a block of 64 items is packed once and multiplied with six queries at a
// time; the 6 x 64 scores are compared while they lie in the first-level cache, and nothing of size [B, I] exists.
//
// Every score, the target's too, is a sum over k in order, in the arithmetic of the micro-kernel: equal rows tie
// exactly. Who is no candidate gets -Infinity in the tile.
//
// args of both scans: 0 packed queries, 1 items, 2 target scores, 3 targets, 4 offsets, 5 sorted excluded ids,
//       6 last (0: none), 7 B, 8 I, 9 K, 10 first item, 11 queries per task, 12 query tasks, 13 items per task,
//       14 output, 15 places, 16 NaN counts
import * as MERGE_TOP_ITEMS from '../slots/merge-top-items';
import * as PREPARE_RANKING from '../slots/prepare-ranking';
import * as RANKING from '../slots/ranking';
import * as TOP_ITEMS from '../slots/top-items';
import { int, ptr, scratch } from './env';
import { microColumns, packPanels, packRows, ZEROS } from './micro';
import { wide, wideColumns } from './micro-wide';
import { after } from './regions';

const BLOCK: i32 = 64;
const LINE: usize = 256;

/** Bytes of the cursors of so many queries, in whole lines of the cache. */
// @ts-ignore: decorator
@inline
function cursorBytes(queries: i32): usize {
  return <usize>((queries + 15) & ~15) << 2;
}

/**
 * Packs queries into panels of six, scores their targets and sorts their excluded ids.
 * args: `slots/prepare-ranking.ts`
 */
export function prepareRanking(args: usize, task: i32): void {
  const k = int(args, PREPARE_RANKING.WIDTH);
  const row = <usize>k << 2;
  const begin = task * int(args, PREPARE_RANKING.PER_TASK);
  const end = min(begin + int(args, PREPARE_RANKING.PER_TASK), int(args, PREPARE_RANKING.ROWS));
  const packed = ptr(args, PREPARE_RANKING.PACKED) + <usize>begin * row;
  packPanels(ptr(args, PREPARE_RANKING.QUERIES) + <usize>begin * row, row, end - begin, k, packed);
  if (ptr(args, PREPARE_RANKING.TARGETS)) {
    // Six queries by their six targets: the scores are the diagonal of the tile.
    const tile = scratch, panel = after(tile, 256);
    after(panel, <usize>k << 5);
    memory.fill(panel, 0, <usize>k << 5);
    for (let b = begin; b < end; b += 6) {
      const rows = min(6, end - b);
      for (let r = 0; r < rows; r++) {
        const item = ptr(args, PREPARE_RANKING.ITEMS) + <usize>load<u32>(ptr(args, PREPARE_RANKING.TARGETS) + (<usize>(b + r) << 2)) * row;
        for (let j: usize = 0; j < <usize>k; j++) store<f32>(panel + (j << 5) + (<usize>r << 2), load<f32>(item + (j << 2)));
      }
      microColumns(k, packed + <usize>(b - begin) * row, 24, panel, 32, tile, 32, false);
      for (let r: usize = 0; r < <usize>rows; r++) {
        store<f32>(ptr(args, PREPARE_RANKING.TARGET_SCORES) + (<usize>b + r << 2), load<f32>(tile + r * 36));
      }
    }
  }
  const offsets = ptr(args, PREPARE_RANKING.OFFSETS), sorted = ptr(args, PREPARE_RANKING.SORTED_IDS);
  const from = <usize>load<u32>(offsets + (<usize>begin << 2)) << 2;
  const to = <usize>load<u32>(offsets + (<usize>end << 2)) << 2;
  memory.copy(sorted + from, ptr(args, PREPARE_RANKING.IDS) + from, to - from);
  for (let b = <usize>begin; b < <usize>end; b++) {
    const first = load<u32>(offsets + (b << 2));
    sort(sorted + (<usize>first << 2), load<u32>(offsets + (b << 2), 4) - first);
  }
}

/** Shell sort, ascending. */
function sort(a: usize, n: u32): void {
  let gap: u32 = 1;
  while (gap < n / 3) gap = gap * 3 + 1;
  for (; gap > 0; gap /= 3) {
    for (let i = gap; i < n; i++) {
      const x = load<u32>(a + (<usize>i << 2));
      let j = i;
      while (j >= gap) {
        const y = load<u32>(a + (<usize>(j - gap) << 2));
        if (y <= x) break;
        store<u32>(a + (<usize>j << 2), y);
        j -= gap;
      }
      store<u32>(a + (<usize>j << 2), x);
    }
  }
}

/** Sets the cursor of each query of the task to its first excluded id that is at least `item`. */
function startCursors(args: usize, begin: i32, end: i32, item: u32, cursors: usize): void {
  const offsets = ptr(args, RANKING.OFFSETS), ids = ptr(args, RANKING.IDS);
  for (let b = begin; b < end; b++) {
    let low = load<u32>(offsets + (<usize>b << 2)), high = load<u32>(offsets + (<usize>b << 2), 4);
    while (low < high) {
      const middle = (low + high) >> 1;
      if (load<u32>(ids + (<usize>middle << 2)) < item) low = middle + 1;
      else high = middle;
    }
    store<u32>(cursors + (<usize>(b - begin) << 2), low);
  }
}

/** Scores of six queries and the items of a packed block. */
// @ts-ignore: decorator
@inline
function scoreTile(k: i32, a: usize, packed: usize, panels: i32, tile: usize): void {
  const panel = <usize>k << 5;
  if (wide) {
    // An odd last panel takes along one that is not there: its columns are not looked at.
    for (let p = 0; p < panels; p += 2) {
      wideColumns(k, a, 24, packed + <usize>p * panel, panel, 32, ZEROS, 0, tile + (<usize>p << 5), LINE);
    }
  } else {
    for (let p = 0; p < panels; p++) {
      microColumns(k, a, 24, packed + <usize>p * panel, 32, tile + (<usize>p << 5), LINE, false);
    }
  }
}

/** Gives -Infinity to the items `item .. item + columns - 1` of query b that are no candidates. */
// @ts-ignore: decorator
@inline
function mask(args: usize, b: i32, item: i32, columns: i32, cursor: usize, line: usize): void {
  const first = int(args, RANKING.FIRST_ITEM);
  let last = int(args, RANKING.ITEM_COUNT) - 1;
  if (ptr(args, RANKING.LAST)) last = min(last, load<i32>(ptr(args, RANKING.LAST) + (<usize>b << 2)));
  const past = item + columns;
  for (let i = item; i < min(first, past); i++) store<f32>(line + (<usize>(i - item) << 2), -Infinity);
  for (let i = max(item, last + 1); i < past; i++) store<f32>(line + (<usize>(i - item) << 2), -Infinity);
  const ids = ptr(args, RANKING.IDS);
  const end = load<u32>(ptr(args, RANKING.OFFSETS) + (<usize>b << 2), 4);
  let c = load<u32>(cursor);
  while (c < end) {
    const id = load<i32>(ids + (<usize>c << 2));
    if (id >= past) break;
    store<f32>(line + (<usize>(id - item) << 2), -Infinity);
    c++;
  }
  store<u32>(cursor, c);
}

/**
 * One task counts, for a block of queries, a range of items; output int32 `[item tasks, B, 4]`.
 * args: `slots/ranking.ts`
 */
export function rankCounts(args: usize, task: i32): void {
  const k = int(args, RANKING.WIDTH);
  const row = <usize>k << 2;
  const queryTask = task % int(args, RANKING.QUERY_TASKS), itemTask = task / int(args, RANKING.QUERY_TASKS);
  const begin = queryTask * int(args, RANKING.PER_TASK);
  const end = min(begin + int(args, RANKING.PER_TASK), int(args, RANKING.ROWS));
  const firstItem = itemTask * int(args, RANKING.ITEMS_PER_TASK);
  const lastItem = min(firstItem + int(args, RANKING.ITEMS_PER_TASK), int(args, RANKING.ITEM_COUNT));
  const goals = ptr(args, RANKING.TARGET_SCORES), targets = ptr(args, RANKING.TARGETS);
  const out = ptr(args, RANKING.OUT) + <usize>(itemTask * int(args, RANKING.ROWS)) * 16;
  const higher = scratch;
  const cursors = after(higher, <usize>((end - begin + 3) & ~3) << 4);
  const tile = after(cursors, cursorBytes(end - begin));
  const packed = after(tile, 6 * LINE);
  after(packed, <usize>(BLOCK * k) << 2);
  startCursors(args, begin, end, firstItem, cursors);
  memory.fill(higher, 0, <usize>(end - begin) << 4);
  memory.fill(out + (<usize>begin << 4), 0, <usize>(end - begin) << 4);
  for (let item = firstItem; item < lastItem; item += BLOCK) {
    const panels = (min(BLOCK, lastItem - item) + 7) >> 3;
    const columns = panels << 3;
    packRows(ptr(args, RANKING.ITEMS) + <usize>item * row, row, min(BLOCK, lastItem - item), k, packed);
    for (let b = begin; b < end; b += 6) {
      scoreTile(k, ptr(args, RANKING.PACKED) + <usize>b * row, packed, panels, tile);
      for (let r = 0; r < min(6, end - b); r++) {
        const line = tile + <usize>r * LINE;
        const q = <usize>(b + r);
        mask(args, b + r, item, columns, cursors + (<usize>(b + r - begin) << 2), line);
        const target = load<i32>(targets + (q << 2));
        // The target is no candidate of its own.
        if (target >= item && target < item + columns) store<f32>(line + (<usize>(target - item) << 2), -Infinity);
        const goal = load<f32>(goals + (q << 2));
        if (!countHigher(line, columns, goal, higher + (<usize>(b + r - begin) << 4))) {
          countRare(line, columns, goal, target - item, out + (q << 4));
        }
      }
    }
  }
  for (let b = <usize>begin; b < <usize>end; b++) {
    const n = v128.load(higher + (b - <usize>begin << 4));
    const sum = i32x4.extract_lane(n, 0) + i32x4.extract_lane(n, 1) + i32x4.extract_lane(n, 2) + i32x4.extract_lane(n, 3);
    store<i32>(out + (b << 4), sum);
    const goal = load<f32>(goals + (b << 2));
    if (itemTask == 0 && goal - goal != 0) increment(out + (b << 4) + 12);
  }
}

/** Adds the scores above `goal` to four counters; false when a score is neither above nor below. */
// @ts-ignore: decorator
@inline
function countHigher(line: usize, columns: i32, goal: f32, counters: usize): bool {
  const t = f32x4.splat(goal);
  let n0 = v128.load(counters), n1 = i32x4.splat(0);
  let ok0 = i32x4.splat(-1), ok1 = ok0;
  for (let o: usize = 0; o < <usize>columns << 2; o += 32) {
    const s0 = v128.load(line + o), s1 = v128.load(line + o, 16);
    const g0 = f32x4.gt(s0, t), g1 = f32x4.gt(s1, t);
    n0 = i32x4.sub(n0, g0);
    n1 = i32x4.sub(n1, g1);
    ok0 = v128.and(ok0, v128.or(g0, f32x4.lt(s0, t)));
    ok1 = v128.and(ok1, v128.or(g1, f32x4.lt(s1, t)));
  }
  v128.store(counters, i32x4.add(n0, n1));
  return i32x4.all_true(v128.and(ok0, ok1));
}

/** Counts equal scores by the side of the target (column `own`, maybe outside the block) on which they lie, and NaN. */
function countRare(line: usize, columns: i32, goal: f32, own: i32, out: usize): void {
  for (let c = 0; c < columns; c++) {
    const s = load<f32>(line + (<usize>c << 2));
    if (s == goal) increment(out + (c < own ? 4 : 8));
    else if (s != s) increment(out + 12);
  }
}

function increment(p: usize): void {
  store<i32>(p, load<i32>(p) + 1);
}

/**
 * One task keeps the best `places` of a range of items for a block of queries: output `[item tasks, B]` lists, see
 * `openList`. A key is the score, ordered as an integer, above the complement of the id: a greater key is better, and
 * among equal scores the lower id.
 * args: `slots/ranking.ts`, `slots/top-items.ts`
 */
export function topItems(args: usize, task: i32): void {
  const k = int(args, RANKING.WIDTH), places = int(args, TOP_ITEMS.LENGTH);
  const row = <usize>k << 2, bytes = listBytes(places);
  const queryTask = task % int(args, RANKING.QUERY_TASKS), itemTask = task / int(args, RANKING.QUERY_TASKS);
  const begin = queryTask * int(args, RANKING.PER_TASK);
  const end = min(begin + int(args, RANKING.PER_TASK), int(args, RANKING.ROWS));
  const firstItem = itemTask * int(args, RANKING.ITEMS_PER_TASK);
  const lastItem = min(firstItem + int(args, RANKING.ITEMS_PER_TASK), int(args, RANKING.ITEM_COUNT));
  const base = <usize>(itemTask * int(args, RANKING.ROWS));
  const lists = ptr(args, RANKING.OUT) + base * bytes;
  const undefined = ptr(args, TOP_ITEMS.UNDEFINED) + (base << 2);
  const cursors = scratch;
  const tile = after(cursors, cursorBytes(end - begin));
  const packed = after(tile, 6 * LINE);
  after(packed, <usize>(BLOCK * k) << 2);
  startCursors(args, begin, end, firstItem, cursors);
  for (let b = <usize>begin; b < <usize>end; b++) openList(lists + b * bytes);
  memory.fill(undefined + (<usize>begin << 2), 0, <usize>(end - begin) << 2);
  for (let item = firstItem; item < lastItem; item += BLOCK) {
    const panels = (min(BLOCK, lastItem - item) + 7) >> 3;
    const columns = panels << 3;
    packRows(ptr(args, RANKING.ITEMS) + <usize>item * row, row, min(BLOCK, lastItem - item), k, packed);
    for (let b = begin; b < end; b += 6) {
      scoreTile(k, ptr(args, RANKING.PACKED) + <usize>b * row, packed, panels, tile);
      for (let r = 0; r < min(6, end - b); r++) {
        const line = tile + <usize>r * LINE;
        const q = <usize>(b + r);
        mask(args, b + r, item, columns, cursors + (<usize>(b + r - begin) << 2), line);
        offer(line, columns, item, lists + q * bytes, places, undefined + (q << 2));
      }
    }
  }
}

/**
 * Bytes of a list of the best so many: an int32 of keys in it, the float32 score that a further one has to exceed, and
 * room for twice the keys. What comes in is put at the end, and only a full list is cut to its best.
 */
// @ts-ignore: decorator
@inline
function listBytes(places: i32): usize {
  return (<usize>places << 4) + 8;
}

function openList(list: usize): void {
  store<i32>(list, 0);
  store<f32>(list, -Infinity, 4);
}

/** Offers a line of scores to a list. Ids rise, so that a score equal to the worst of a full one is not better. */
// @ts-ignore: decorator
@inline
function offer(line: usize, columns: i32, item: i32, list: usize, places: i32, undefined: usize): void {
  let worst = load<f32>(list, 4);
  for (let c: usize = 0; c < <usize>columns; c += 8) {
    const t = f32x4.splat(worst);
    const s0 = v128.load(line + (c << 2)), s1 = v128.load(line + (c << 2), 16);
    if (i32x4.all_true(v128.and(f32x4.le(s0, t), f32x4.le(s1, t)))) continue;
    for (let i = c; i < c + 8; i++) {
      const s = load<f32>(line + (i << 2));
      if (s > worst) {
        if (put(list, places, keyOf(s, item + <i32>i))) worst = load<f32>(list, 4);
      } else if (s != s) increment(undefined);
    }
  }
}

/** Puts a key into a list, which is cut when it is full; whether it was, then the worst key stands last. */
// @ts-ignore: decorator
@inline
function put(list: usize, places: i32, key: u64): bool {
  const n = load<i32>(list);
  store<u64>(list + (<usize>n << 3), key, 8);
  store<i32>(list, n + 1);
  if (n + 1 < places << 1) return false;
  cut(list, places);
  return true;
}

/** Leaves the best `places` of more keys in a list, in any order. */
function cut(list: usize, places: i32): void {
  const keys = list + 8;
  selectGreatest(keys, load<i32>(list), places);
  store<i32>(list, places);
  store<f32>(list, scoreOf(load<u64>(keys + (<usize>(places - 1) << 3))), 4);
}

/**
 * Moves the greatest `most` of `n` different keys to the front, the least of them last: quickselect, whose partition
 * has no branch that depends on a key.
 */
function selectGreatest(keys: usize, n: i32, most: i32): void {
  let low: usize = keys, high: usize = keys + (<usize>(n - 1) << 3);
  const goal = keys + (<usize>(most - 1) << 3);
  while (low < high) {
    medianToEnd(low, high);
    const pivot = load<u64>(high);
    let middle = low;
    for (let i = low; i < high; i += 8) {
      const key = load<u64>(i);
      store<u64>(i, load<u64>(middle));
      store<u64>(middle, key);
      middle += <usize>(key > pivot) << 3;
    }
    store<u64>(high, load<u64>(middle));
    store<u64>(middle, pivot);
    if (middle == goal) return;
    if (middle < goal) low = middle + 8;
    else high = middle - 8;
  }
}

/** Swaps the median of the first, the middle and the last key to the end: orders that occur then split in halves. */
function medianToEnd(low: usize, high: usize): void {
  const middle = low + ((high - low >> 4) << 3);
  const a = load<u64>(low), b = load<u64>(middle), c = load<u64>(high);
  const median = a < b ? (b < c ? b : max(a, c)) : a < c ? a : max(b, c);
  if (median == c) return;
  store<u64>(high, median);
  store<u64>(median == a ? low : middle, c);
}

function keyOf(score: f32, id: i32): u64 {
  // -0 equals 0.
  const bits = score == 0 ? 0 : reinterpret<u32>(score);
  const ordered = bits & 0x80000000 ? ~bits : bits | 0x80000000;
  return (<u64>ordered << 32) | <u64>(~<u32>id);
}

function scoreOf(key: u64): f32 {
  const ordered = <u32>(key >> 32);
  return reinterpret<f32>(ordered & 0x80000000 ? ordered ^ 0x80000000 : ~ordered);
}

/** Puts a key in the place of key `i` of a heap of `n`, whose root is the least, and lets it sink. */
function sink(heap: usize, n: i32, i: i32, key: u64): void {
  for (;;) {
    let child = 2 * i + 1;
    if (child >= n) break;
    let least = load<u64>(heap + (<usize>child << 3));
    if (child + 1 < n) {
      const right = load<u64>(heap + (<usize>child << 3), 8);
      if (right < least) {
        least = right;
        child++;
      }
    }
    if (least >= key) break;
    store<u64>(heap + (<usize>i << 3), least);
    i = child;
  }
  store<u64>(heap + (<usize>i << 3), key);
}

/** Sorts keys, the greatest first. */
function sortGreatest(keys: usize, n: i32): void {
  for (let i = (n >> 1) - 1; i >= 0; i--) sink(keys, n, i, load<u64>(keys + (<usize>i << 3)));
  // The least key goes to the end, again and again.
  for (let last = n - 1; last > 0; last--) {
    const least = load<u64>(keys), moved = load<u64>(keys + (<usize>last << 3));
    sink(keys, last, 0, moved);
    store<u64>(keys + (<usize>last << 3), least);
  }
}

/**
 * Merges the lists of the item tasks and sorts, best first; places without a candidate get -Infinity and -1.
 * args: `slots/merge-top-items.ts`
 */
export function mergeTopItems(args: usize, task: i32): void {
  const itemTasks = int(args, MERGE_TOP_ITEMS.ITEM_TASKS), queries = int(args, MERGE_TOP_ITEMS.ROWS), places = int(args, MERGE_TOP_ITEMS.LENGTH);
  const begin = task * int(args, MERGE_TOP_ITEMS.PER_TASK);
  const end = min(begin + int(args, MERGE_TOP_ITEMS.PER_TASK), queries);
  const bytes = listBytes(places);
  for (let b = begin; b < end; b++) {
    const list = ptr(args, MERGE_TOP_ITEMS.LISTS) + <usize>b * bytes, keys = list + 8;
    let sum = load<i32>(ptr(args, MERGE_TOP_ITEMS.UNDEFINED) + (<usize>b << 2));
    // Keys of a list are in any order: whole ones decide among equal scores.
    let worst: u64 = 0;
    for (let t = 1; t < itemTasks; t++) {
      const other = list + <usize>(t * queries) * bytes;
      const past = other + (<usize>load<i32>(other) << 3);
      for (let at = other; at < past; at += 8) {
        const key = load<u64>(at, 8);
        if (key > worst && put(list, places, key)) worst = load<u64>(list + (<usize>places << 3));
      }
      sum += load<i32>(ptr(args, MERGE_TOP_ITEMS.UNDEFINED) + (<usize>(t * queries + b) << 2));
    }
    store<i32>(ptr(args, MERGE_TOP_ITEMS.UNDEFINED_SUMS) + (<usize>b << 2), sum);
    if (load<i32>(list) > places) cut(list, places);
    const n = load<i32>(list);
    sortGreatest(keys, n);
    for (let place = 0; place < places; place++) {
      const at = <usize>(b * places + place) << 2;
      const key = place < n ? load<u64>(keys + (<usize>place << 3)) : 0;
      store<f32>(ptr(args, MERGE_TOP_ITEMS.SCORES) + at, place < n ? scoreOf(key) : -Infinity);
      store<i32>(ptr(args, MERGE_TOP_ITEMS.IDS) + at, place < n ? <i32>~(<u32>key) : -1);
    }
  }
}
