/**
 * The candidate closest to a mistyped word, or `undefined` when none is close.
 *
 * Distance: optimal string alignment (insert, delete, replace, swap neighbours), case ignored. "Close" means at most a
 * third of the word's length, and at least one edit is always allowed; a candidate that the word begins also counts.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  let prefixed: string | undefined;
  for (const candidate of candidates) {
    const name = candidate.toLowerCase();
    const distance = editDistance(wanted, name);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
    if (wanted.length >= 3 && name.startsWith(wanted)) prefixed ??= candidate;
  }
  return best ?? prefixed;
}

export function editDistance(a: string, b: string): number {
  let previous: number[] = [];
  let current = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = current[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next[j] = Math.min(current[j] + 1, next[j - 1] + 1, substitution);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) next[j] = Math.min(next[j], previous[j - 2] + 1);
    }
    previous = current;
    current = next;
  }
  return current[b.length];
}
