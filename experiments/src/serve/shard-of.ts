const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/** The shard of a user, `0..shards - 1`: FNV-1a over the id's UTF-16 units, the same on every machine. */
export function shardOf(user: string, shards: number): number {
  let hash = OFFSET;
  for (let i = 0; i < user.length; i++) hash = Math.imul(hash ^ user.charCodeAt(i), PRIME);
  return (hash >>> 0) % shards;
}
