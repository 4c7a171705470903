const newline = 10;
const carriageReturn = 13;

/** UTF-16 with a byte order mark as UTF-8; other bytes as they are. */
export async function* asUtf8(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  const encoder = new TextEncoder();
  let begun = false;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (!begun) {
      begun = true;
      const mark = 256 * chunk[0] + chunk[1];
      if (mark === 0xfffe) decoder = new TextDecoder('utf-16le');
      else if (mark === 0xfeff) decoder = new TextDecoder('utf-16be');
    }
    yield decoder === undefined ? chunk : encoder.encode(decoder.decode(chunk, { stream: true }));
  }
  const rest = decoder?.decode();
  if (rest !== undefined && rest !== '') yield encoder.encode(rest);
}

/**
 * `\r\n` becomes `\n`, also when the two bytes are in different chunks; and so does `\r` where the first chunk has no
 * `\n` at all, as programs of a Mac before 2001 wrote it and spreadsheets still can.
 */
export async function* withNewlines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = false;
  let alone: boolean | undefined;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    // At the end of a chunk it may be half of a pair.
    alone ??= chunk.indexOf(newline) < 0 && chunk.subarray(0, -1).includes(carriageReturn);
    if (alone) {
      yield chunk.map((byte) => (byte === carriageReturn ? newline : byte));
      continue;
    }
    if (!held && chunk.indexOf(carriageReturn) < 0) {
      yield chunk;
      continue;
    }
    const out = new Uint8Array(chunk.length + 1);
    let n = 0;
    if (held && chunk[0] !== newline) out[n++] = carriageReturn;
    held = false;
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] === carriageReturn) {
        if (i + 1 === chunk.length) held = true;
        else if (chunk[i + 1] !== newline) out[n++] = carriageReturn;
      } else out[n++] = chunk[i];
    }
    yield out.subarray(0, n);
  }
  if (held) yield Uint8Array.of(carriageReturn);
}
