/** Codes by bytes, without a string a look-up: what was coded once is found again by how it is written. */
export class ByteCodes {
  /** Triples (code + 1, hash, position in `#bytes`); code + 1 = 0 is a free slot. */
  #slots = new Int32Array(3 << 10);
  #size = 0;
  /** Length (4 bytes), then the bytes, of one key after another. */
  #bytes = new Uint8Array(1 << 12);
  #end = 0;

  /** The code of `bytes[from, to)`, -1 if there is none. */
  find(bytes: Uint8Array, from: number, to: number): number {
    return this.#slots[this.#slotOf(bytes, from, to, hashOf(bytes, from, to))] - 1;
  }

  /** Adds a key that is not there. */
  add(bytes: Uint8Array, from: number, to: number, code: number): void {
    if (4 * ++this.#size > this.#slots.length / 3) this.#widen();
    const hash = hashOf(bytes, from, to);
    const slot = this.#slotOf(bytes, from, to, hash);
    const length = to - from;
    const position = this.#end;
    this.#end += 4 + length;
    if (this.#end > this.#bytes.length) {
      const wider = new Uint8Array(Math.max(this.#end, 2 * this.#bytes.length));
      wider.set(this.#bytes);
      this.#bytes = wider;
    }
    for (let i = 0; i < 4; i++) this.#bytes[position + i] = length >>> (8 * i);
    for (let i = 0; i < length; i++) this.#bytes[position + 4 + i] = bytes[from + i];
    this.#slots[slot] = code + 1;
    this.#slots[slot + 1] = hash;
    this.#slots[slot + 2] = position;
  }

  #slotOf(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const count = slots.length / 3;
    for (let at = (hash >>> 0) % count; ; at = at + 1 === count ? 0 : at + 1) {
      const slot = 3 * at;
      if (slots[slot] === 0) return slot;
      if (slots[slot + 1] === hash && this.#isAt(slots[slot + 2], bytes, from, to)) return slot;
    }
  }

  #isAt(position: number, bytes: Uint8Array, from: number, to: number): boolean {
    const known = this.#bytes;
    const length = to - from;
    for (let i = 0; i < 4; i++) if (known[position + i] !== ((length >>> (8 * i)) & 255)) return false;
    for (let i = 0; i < length; i++) if (known[position + 4 + i] !== bytes[from + i]) return false;
    return true;
  }

  #widen(): void {
    const old = this.#slots;
    const wider = new Int32Array(2 * old.length);
    const count = wider.length / 3;
    for (let slot = 0; slot < old.length; slot += 3) {
      if (old[slot] === 0) continue;
      let at = (old[slot + 1] >>> 0) % count;
      while (wider[3 * at] !== 0) at = at + 1 === count ? 0 : at + 1;
      wider.set(old.subarray(slot, slot + 3), 3 * at);
    }
    this.#slots = wider;
  }
}

/** FNV-1a, spread by the finaliser of murmur3. */
function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let h = 0x811c9dc5 | 0;
  for (let i = from; i < to; i++) h = Math.imul(h ^ bytes[i], 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return h ^ (h >>> 13);
}
