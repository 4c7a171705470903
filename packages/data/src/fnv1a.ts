const encoder = new TextEncoder();

/** 32-bit FNV-1a hash of the UTF-8 bytes of `text`: the same in every run and on every machine. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of encoder.encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
