"""What the readers make of a file (through tests/interop/dataset_dump), as numpy
arrays, and writers of RecordIO that share no code with the readers."""
import json
import os
import struct
import subprocess

import numpy as np

DUMP = os.path.join(os.environ.get("SAGETOP_BUILD", "build"), "tests/interop/dataset_dump")


class ReadError(Exception):
    pass


class Table:
    """labels, weights, query_ids, entities, dates (or None) and dense, or indptr, indices, values."""


def read(fmt, path, *options):
    child = subprocess.run([DUMP, fmt, str(path), *options], capture_output=True)
    if child.returncode:
        raise ReadError(child.stderr.decode(errors="replace").strip() or f"exit {child.returncode}")
    line, _, rest = child.stdout.partition(b"\n")
    head = json.loads(line)
    table, at = Table(), 0

    def take(dtype, n):
        nonlocal at
        array = np.frombuffer(rest, dtype=dtype, count=n, offset=at)
        at += array.nbytes
        return array

    n = table.rows = head["rows"]
    table.columns = head["columns"]
    table.schema = head["schema"]
    table.entity_names = head["entity_names"]
    for name, dtype in [("labels", "<f4"), ("weights", "<f4"), ("query_ids", "<u8"), ("entities", "<u4"),
                        ("dates", "<i4")]:
        setattr(table, name, take(dtype, n) if head[name] else None)
    table.dense = None
    if head["sparse"]:
        table.indptr = take("<u8", n + 1)
        table.indices = take("<u4", head["values"])
        table.values = take("<f4", head["values"])
    else:
        table.dense = take("<f4", n * table.columns).reshape(n, table.columns)
    assert at == len(rest), "the dump is longer than it says"
    return table


def varint(v):
    v &= (1 << 64) - 1
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(values, keys=None, shape=None, kind="float32", packed=True):
    values = list(values)
    if kind == "int32":
        items = [varint(int(v)) for v in values]
    else:
        items = [struct.pack("<f" if kind == "float32" else "<d", v) for v in values]
    wire = {"int32": 0, "float32": 5, "float64": 1}[kind]
    if packed:
        body = field(1, b"".join(items)) if items else b""
    else:
        body = b"".join(varint(1 << 3 | wire) + item for item in items)
    if keys is not None:
        body += field(2, b"".join(varint(k) for k in keys))
    if shape is not None:
        body += field(3, varint(shape))
    return field({"float32": 2, "float64": 3, "int32": 7}[kind], body)


def record(features, label=None):
    body = field(1, field(1, b"values") + field(2, features))
    if label is not None:
        body += field(2, field(1, b"values") + field(2, label))
    return struct.pack("<II", 0xCED7230A, len(body)) + body + b"\0" * (-len(body) % 4)
