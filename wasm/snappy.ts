// snappy's block format, without its preamble: JavaScript checks that before it gives memory (src/codec/snappy.ts).
//
// Memory: constants, the table of positions (32 KiB from TABLE), and from page 1 what JavaScript lays there. Behind input
// and output lie SLACK bytes that may be read and written: copies move 16 bytes at once.
// Source: google/snappy, format_description.txt.

const TABLE: usize = 4096
const MAX_TABLE_BITS: u32 = 14
const MIN_TABLE_BITS: u32 = 8
/** Matches are looked for within one block, so that an offset fits two bytes. */
const BLOCK: usize = 65536
/** No match begins in a block's last bytes: they are compared and hashed eight at a time. */
const MARGIN: usize = 15

const MAX_COPY: usize = 64
/** A short copy, two bytes long, has a length of 4 to 11 and an offset of 11 bits. */
const MAX_SHORT_COPY: usize = 11
const MAX_SHORT_OFFSET: usize = 2047

/** Moves `length` bytes, in steps of 16: up to 15 more are written. */
function move(to: usize, from: usize, length: usize): void {
  for (const end = to + length; to < end; to += 16, from += 16) v128.store(to, v128.load(from))
}

/** Repeats what lies `offset` bytes before `to`. Up to 63 bytes more are written. */
function repeat(to: usize, offset: usize, length: usize): void {
  const end = to + length
  if (offset >= 16) move(to, to - offset, length)
  else if (offset === 1) {
    const run = i8x16.splat(load<i8>(to - 1))
    for (; to < end; to += 16) v128.store(to, run)
  } else if (offset >= 8) for (; to < end; to += 8) store<u64>(to, load<u64>(to - offset))
  else for (; to < end; to++) store<u8>(to, load<u8>(to - offset))
}

/** `bytes` bytes, lowest first. */
function littleEndian(at: usize, bytes: usize): usize {
  let value: usize = 0
  for (let i: usize = 0; i < bytes; i++) value |= (load<u8>(at + i) as usize) << (8 * i)
  return value
}

// A block that is being unpacked: where its elements go on, and the memory that they are to fill.
let at: usize = 0
let end: usize = 0
let outStart: usize = 0
let out: usize = 0
let outEnd: usize = 0

const MORE: i32 = 0
const DONE: i32 = 1
const BROKEN: i32 = 2

/** Begins to unpack the elements from `from` to `to` into exactly the memory from `into` to `intoEnd`. */
export function begin(from: usize, to: usize, into: usize, intoEnd: usize): void {
  at = from
  end = to
  outStart = out = into
  outEnd = intoEnd
}

/** Unpacks about `bytes` more: MORE, DONE, or BROKEN when the elements do not fit what they are to fill. */
export function unpack(bytes: usize): i32 {
  const before = out
  while (at < end) {
    if (out - before >= bytes) return MORE
    const tag = load<u8>(at++)
    if (!((tag & 3) === 0 ? takeLiteral(tag) : takeCopy(tag))) return BROKEN
  }
  return out === outEnd ? DONE : BROKEN
}

function takeLiteral(tag: u8): bool {
  let length: usize = ((tag >> 2) as usize) + 1
  if (length > 60) {
    const bytes = length - 60
    if (bytes > end - at) return false
    length = littleEndian(at, bytes) + 1
    at += bytes
    if (length === 0) return false // 2^32
  }
  if (length > end - at || length > outEnd - out) return false
  if (length <= MAX_COPY) move(out, at, length)
  else memory.copy(out, at, length)
  at += length
  out += length
  return true
}

function takeCopy(tag: u8): bool {
  const kind: usize = tag & 3
  const bytes: usize = kind === 3 ? 4 : kind
  if (bytes > end - at) return false
  let length: usize = ((tag >> 2) as usize) + 1
  let offset = littleEndian(at, bytes)
  at += bytes
  if (kind === 1) {
    length = ((tag >> 2) & 7) + 4
    offset |= ((tag >> 5) as usize) << 8
  }
  if (offset === 0 || offset > out - outStart || length > outEnd - out) return false
  repeat(out, offset, length)
  out += length
  return true
}

function literal(out: usize, from: usize, length: usize): usize {
  if (length === 0) return out
  const last = length - 1
  if (last < 60) {
    store<u8>(out++, (last << 2) as u8)
  } else {
    const bytes: usize = last < 0x100 ? 1 : 2
    store<u8>(out++, ((59 + bytes) << 2) as u8)
    store<u16>(out, last as u16)
    out += bytes
  }
  if (length <= MAX_COPY) move(out, from, length)
  else memory.copy(out, from, length)
  return out + length
}

function copyElement(out: usize, offset: usize, length: usize): usize {
  store<u8>(out, (((length - 1) << 2) | 2) as u8)
  store<u16>(out + 1, offset as u16)
  return out + 3
}

function copy(out: usize, offset: usize, length: usize): usize {
  // What is left at the end must be at least 4, the least that a short copy holds.
  for (; length >= MAX_COPY + 4; length -= MAX_COPY) out = copyElement(out, offset, MAX_COPY)
  if (length > MAX_COPY) {
    out = copyElement(out, offset, MAX_COPY - 4)
    length -= MAX_COPY - 4
  }
  if (length > MAX_SHORT_COPY || offset > MAX_SHORT_OFFSET) return copyElement(out, offset, length)
  store<u8>(out, (((offset >> 8) << 5) | ((length - 4) << 2) | 1) as u8)
  store<u8>(out + 1, offset as u8)
  return out + 2
}

function slotOf(word: u32, shift: u32): usize {
  return TABLE + (((word * 0x1e35a7bd) >> shift) << 1)
}

/** Remembers the position, and answers the one that was there before. */
function exchange(slot: usize, start: usize, at: usize): usize {
  const before = start + load<u16>(slot)
  store<u16>(slot, (at - start) as u16)
  return before
}

/** @returns the number of equal bytes from `a` and `b` on; `b` is the later and ends at `end` */
function matchLength(a: usize, b: usize, end: usize): usize {
  const start = b
  for (; b + 8 <= end; a += 8, b += 8) {
    const difference = load<u64>(a) ^ load<u64>(b)
    if (difference !== 0) return b - start + ((ctz(difference) >> 3) as usize)
  }
  while (b < end && load<u8>(a) === load<u8>(b)) {
    a++
    b++
  }
  return b - start
}

/** Empties as much of the table as a block of this length has use for; answers what slots are shifted by. */
function clearTable(length: usize): u32 {
  let bits = MIN_TABLE_BITS
  while (bits < MAX_TABLE_BITS && (1 as usize) << bits < length) bits++
  memory.fill(TABLE, 0, 2 << bits)
  return 32 - bits
}

/**
 * The next position from `at` whose four bytes stood in this block before, or `limit`. The longer there is none, the
 * larger the steps: what cannot be compressed is soon passed over. `found` is then where they stood.
 */
let found: usize = 0
function search(start: usize, at: usize, limit: usize, shift: u32): usize {
  for (let tries: usize = 32; at < limit; at += tries++ >> 5) {
    const word = load<u32>(at)
    found = exchange(slotOf(word, shift), start, at)
    if (load<u32>(found) === word) return at
  }
  return limit
}

function compressBlock(start: usize, end: usize, out: usize): usize {
  let pending = start
  if (end - start > MARGIN) {
    const limit = end - MARGIN
    const shift = clearTable(end - start)
    for (let at = search(start, start + 1, limit, shift); at < limit; at = search(start, at, limit, shift)) {
      out = literal(out, pending, at - pending)
      do {
        const length: usize = 4 + matchLength(found + 4, at + 4, end)
        out = copy(out, at - found, length)
        at += length
        pending = at
        if (at >= limit) break
        exchange(slotOf(load<u32>(at - 1), shift), start, at - 1)
        found = exchange(slotOf(load<u32>(at), shift), start, at)
      } while (load<u32>(found) === load<u32>(at))
      at++
    }
  }
  return literal(out, pending, end - pending)
}

/** Packs the bytes from `at` to `end` into elements at `out`; answers their end: at most 7/6 of the length and 32 on. */
export function compress(at: usize, end: usize, out: usize): usize {
  for (; end - at > BLOCK; at += BLOCK) out = compressBlock(at, at + BLOCK, out)
  return compressBlock(at, end, out)
}
