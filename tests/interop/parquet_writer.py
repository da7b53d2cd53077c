"""A small writer of Parquet for the tests, after the format's specification: flat tables,
both page versions, plain, dictionary, delta and split encodings, runs and bit-packed
stretches, several pages and row groups, uncompressed, snappy, gzip or zstd."""
import gzip
import struct
import subprocess
import zlib

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTE_ARRAY, FIXED = range(8)
PLAIN, RLE, DELTA, DELTA_LENGTH, DELTA_STRINGS, SPLIT = 0, 3, 5, 6, 7, 9
CODECS = {"none": 0, "snappy": 1, "gzip": 2, "brotli": 4, "zstd": 6}


def uvarint(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def zigzag(v):
    return uvarint((v << 1) ^ (v >> 63))


# --- Thrift's compact protocol: values are (type, bytes) ---------------------------------
def i32(v):
    return 5, zigzag(v)


def i64(v):
    return 6, zigzag(v)


def boolean(v):
    return (1 if v else 2), b""


def text(s):
    data = s.encode() if isinstance(s, str) else s
    return 8, uvarint(len(data)) + data


def array(items):
    kind = items[0][0] if items else 12
    head = bytes([len(items) << 4 | kind]) if len(items) < 15 else bytes([0xF0 | kind]) + uvarint(len(items))
    return 9, head + b"".join(data for _, data in items)


def record(fields):
    out, last = b"", 0
    for number, value in sorted(fields.items()):
        if value is None:
            continue
        kind, data = value
        delta = number - last
        out += (bytes([delta << 4 | kind]) if delta < 16 else bytes([kind]) + zigzag(number)) + data
        last = number
    return 12, out + b"\0"


# --- encodings ---------------------------------------------------------------------------
def hybrid(values, width):
    """Long repetitions as runs, the rest bit-packed in groups of eight."""
    out, i = b"", 0
    while i < len(values):
        run = 1
        while i + run < len(values) and values[i + run] == values[i]:
            run += 1
        if run >= 8 or i + run == len(values):
            out += uvarint(run << 1) + values[i].to_bytes((width + 7) // 8, "little")
            i += run
            continue
        group = []
        while i < len(values) and (len(group) % 8 or not group or len(set(values[i:i + 8])) > 1) and len(group) < 64:
            group.append(values[i])
            i += 1
        group += [0] * (-len(group) % 8)
        bits = sum(v << (n * width) for n, v in enumerate(group))
        out += uvarint(len(group) // 8 << 1 | 1) + bits.to_bytes(len(group) * width // 8, "little")
    return out


def plain(kind, values):
    if kind == BOOLEAN:
        bits = sum(int(v) << n for n, v in enumerate(values))
        return bits.to_bytes((len(values) + 7) // 8, "little")
    if kind == BYTE_ARRAY:
        datas = [v.encode() if isinstance(v, str) else v for v in values]
        return b"".join(struct.pack("<I", len(d)) + d for d in datas)
    if kind in (FIXED, INT96):
        return b"".join(values)
    return b"".join(struct.pack({INT32: "<i", INT64: "<q", FLOAT: "<f", DOUBLE: "<d"}[kind], v) for v in values)


def deltas(values, bits, block=128, parts=4):
    """Differences to the one before, less the least of their block, packed."""
    modulus, per = 1 << bits, block // parts
    signed = lambda v: (v + modulus // 2) % modulus - modulus // 2
    out = uvarint(block) + uvarint(parts) + uvarint(len(values)) + zigzag(values[0] if values else 0)
    steps = [signed(b - a) for a, b in zip(values, values[1:])]
    for at in range(0, len(steps), block):
        least = min(steps[at:at + block])
        pieces = [[(v - least) % modulus for v in steps[i:min(i + per, at + block)]] for i in range(at, at + block, per)]
        widths = [max(v.bit_length() for v in p) if p else 0 for p in pieces]
        out += zigzag(least) + bytes(widths)
        for piece, width in zip(pieces, widths):
            if piece:
                out += sum(v << (n * width) for n, v in enumerate(piece)).to_bytes(per * width // 8, "little")
    return out


def encoded(kind, encoding, values):
    if encoding == DELTA:
        return deltas(values, 32 if kind == INT32 else 64)
    if encoding == SPLIT:
        data = plain(kind, values)
        size = len(data) // max(len(values), 1)
        return b"".join(data[i::size] for i in range(size))
    if encoding == RLE:
        runs = hybrid([int(v) for v in values], 1)
        return struct.pack("<I", len(runs)) + runs
    datas = [v.encode() if isinstance(v, str) else v for v in values]
    if encoding == DELTA_LENGTH:
        return deltas([len(d) for d in datas], 32) + b"".join(datas)
    if encoding == DELTA_STRINGS:
        shared = [0]
        for a, b in zip(datas, datas[1:]):
            shared.append(next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b))))
        shared = shared[:len(datas)]
        rest = [d[n:] for d, n in zip(datas, shared)]
        return deltas(shared, 32) + deltas([len(d) for d in rest], 32) + b"".join(rest)
    return plain(kind, values)


def snappy(data):
    """Literals, and copies of what stood four bytes earlier where it repeats."""
    out, i = uvarint(len(data)), 0
    while i < len(data):
        n = 0
        while i >= 4 and n < 64 and i + n < len(data) and data[i + n] == data[i + n - 4]:
            n += 1
        if n >= 4:
            out += bytes([(n - 1) << 2 | 2]) + struct.pack("<H", 4)
            i += n
            continue
        piece = data[i:i + 40] if i < 4 else data[i:i + 1]
        out += bytes([(len(piece) - 1) << 2]) + piece
        i += len(piece)
    return out


def pack(codec, data):
    if codec == "snappy":
        return snappy(data)
    if codec == "gzip":
        return gzip.compress(data)
    if codec == "zstd":
        return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
    return data


class Column:
    def __init__(self, name, kind, values, optional=None, dictionary=False, converted=None, scale=None, encoding=PLAIN,
                 logical=None, width=None):
        self.name, self.kind, self.values, self.dictionary = name, kind, values, dictionary
        self.optional = any(v is None for v in values) if optional is None else optional
        self.converted, self.scale, self.encoding, self.logical, self.width = converted, scale, encoding, logical, width


def page(header, data, checksum):
    if checksum:
        crc = zlib.crc32(data)
        header[4] = i32(crc - (crc >> 31 << 32))
    return record(header)[1] + data


def column_chunk(column, values, codec, version, page_rows, offset, checksum):
    """(bytes, metadata of the chunk)"""
    out, dictionary, words = b"", None, []
    if column.dictionary:
        words = list(dict.fromkeys(v for v in values if v is not None))
        body = plain(column.kind, words)
        packed = pack(codec, body)
        out += page({1: i32(2), 2: i32(len(body)), 3: i32(len(packed)), 7: record({1: i32(len(words)), 2: i32(0)})},
                    packed, checksum)
        dictionary = offset
        data_at = offset + len(out)
    else:
        data_at = offset
    for at in range(0, max(len(values), 1), page_rows):
        part = values[at:at + page_rows]
        there = [v for v in part if v is not None]
        levels = hybrid([int(v is not None) for v in part], 1) if column.optional else b""
        if column.dictionary:
            width = max(1, (len(words) - 1).bit_length()) if words else 0
            body = bytes([width]) + hybrid([words.index(v) for v in there], width)
            encoding = 8
        else:
            body, encoding = encoded(column.kind, column.encoding, there), column.encoding
        if version == 1:
            if column.optional:
                body = struct.pack("<I", len(levels)) + levels + body
            packed = pack(codec, body)
            out += page({1: i32(0), 2: i32(len(body)), 3: i32(len(packed)),
                         5: record({1: i32(len(part)), 2: i32(encoding), 3: i32(3), 4: i32(3)})}, packed, checksum)
        else:
            packed = pack(codec, body)
            header = record({1: i32(len(part)), 2: i32(len(part) - len(there)), 3: i32(len(part)), 4: i32(encoding),
                             5: i32(len(levels)), 6: i32(0), 7: boolean(True)})
            out += page({1: i32(3), 2: i32(len(levels) + len(body)), 3: i32(len(levels) + len(packed)), 8: header},
                        levels + packed, checksum)
    meta = record({1: i32(column.kind), 2: array([i32(0), i32(8)]), 3: array([text(column.name)]), 4: i32(CODECS[codec]),
                   5: i64(len(values)), 6: i64(len(out)), 7: i64(len(out)), 9: i64(data_at),
                   11: i64(dictionary) if dictionary is not None else None})
    return out, record({2: i64(offset), 3: meta})


def parquet(columns, codec="none", version=1, page_rows=1000, group_rows=10000, checksum=True, pairs=None):
    rows = len(columns[0].values)
    out, groups = b"PAR1", []
    for at in range(0, max(rows, 1), group_rows):
        chunks, size = [], len(out)
        for column in columns:
            data, meta = column_chunk(column, column.values[at:at + group_rows], codec, version, page_rows, len(out),
                                      checksum)
            out += data
            chunks.append(meta)
        n = len(columns[0].values[at:at + group_rows])
        groups.append(record({1: array(chunks), 2: i64(len(out) - size), 3: i64(n)}))
    schema = [record({4: text("schema"), 5: i32(len(columns))})]
    for c in columns:
        schema.append(record({1: i32(c.kind), 2: i32(c.width) if c.width else None, 3: i32(1 if c.optional else 0), 4: text(c.name),
                              6: i32(c.converted) if c.converted is not None else None,
                              7: i32(c.scale) if c.scale is not None else None, 10: c.logical}))
    footer = record({1: i32(1), 2: array(schema), 3: i64(rows), 4: array(groups),
                     5: array([record({1: text(k), 2: text(v)}) for k, v in pairs.items()]) if pairs else None, 6: text("sagetop tests")})[1]
    return out + footer + struct.pack("<I", len(footer)) + b"PAR1"
