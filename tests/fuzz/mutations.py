"""Damage to bytes: bits, spans, lengths, words of headers, and pieces of another file."""

import gzip
import re
from collections.abc import Callable, Sequence
from random import Random

Mutator = Callable[[bytearray, Random], bytearray]

EXTREMES = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    2**33,
    2**40,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 1,
)
WORDS = (
    b"NaN", b"Infinity", b"-Infinity", b"null", b"1e999", b"-0", b"999999999999", b"9" * 40, b"'",
    b'"', b"\\", b"\0", b"\xff\xfe", b"\xed\xa0\x80", "é½٣\u2028".encode(), b"(" * 200, b"[" * 500,
    b"{" * 500, b"&a", b"*a", b"<<: ", b"!!python/object:os.system ", b"- " * 300, b"\n", b"\r", b"\t",
    b",", b";", b"1_000", b"0x1F", b"**", b"~", b"|O", b"<f8", b"<U99999999", b"(1000000000000,)",
    b"True", b"shape", b": ", b"#", b"%", b"../", b"a" * 5000, b"1," * 3000, b"\\ud800", b"\\x00", b"\\n",
)  # fmt: skip


def flip(data: bytearray, rng: Random) -> bytearray:
    """Flip some bits."""
    for _ in range(rng.choice((1, 1, 1, 4, 16))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def set_bytes(data: bytearray, rng: Random) -> bytearray:
    """Set some bytes."""
    for _ in range(rng.choice((1, 1, 3))):
        data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))
    return data


def set_header(data: bytearray, rng: Random) -> bytearray:
    """Set bytes near the beginning or the end, where formats describe themselves."""
    for _ in range(rng.choice((1, 2, 4))):
        near = rng.randrange(min(len(data), 512))
        data[near if rng.random() < 0.5 else len(data) - 1 - near] = rng.randrange(256)
    return data


def truncate(data: bytearray, rng: Random) -> bytearray:
    """Cut the end off."""
    return data[: rng.randrange(len(data))]


def delete(data: bytearray, rng: Random) -> bytearray:
    """Leave a span out."""
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 2, 8, 64, 500))]
    return data


def repeat(data: bytearray, rng: Random) -> bytearray:
    """Insert a span again, once or often."""
    start = rng.randrange(len(data))
    span = data[start : start + rng.choice((1, 4, 32, 256))]
    return data[:start] + span * rng.choice((1, 1, 5, 100)) + data[start:]


def exchange(data: bytearray, rng: Random) -> bytearray:
    """Write one span over another."""
    size = rng.choice((1, 4, 16, 100))
    here, there = rng.randrange(len(data)), rng.randrange(len(data))
    span = data[here : here + size]
    data[there : there + len(span)] = span
    return data


def insert(data: bytearray, rng: Random) -> bytearray:
    """Insert a word that some format gives a meaning."""
    start = rng.randrange(len(data) + 1)
    return data[:start] + rng.choice(WORDS) + data[start:]


def lengths(data: bytearray, rng: Random) -> bytearray:
    """Set an integer of 16, 32 or 64 bits to an extreme, in either order of bytes."""
    size = rng.choice((2, 4, 4, 8))
    start = rng.randrange(max(1, len(data) - size))
    value = rng.choice(EXTREMES) % (1 << 8 * size)
    data[start : start + size] = value.to_bytes(size, rng.choice(("little", "little", "big")))
    return data


def digits(data: bytearray, rng: Random) -> bytearray:
    """Replace a number or a word that stands in the bytes as text."""
    found = list(re.finditer(rb"\d+|[A-Za-z_]{2,}", bytes(data)))
    if not found:
        return flip(data, rng)
    one = rng.choice(found[:40])
    return data[: one.start()] + rng.choice(WORDS) + data[one.end() :]


MUTATORS: Sequence[Mutator] = (
    flip, flip, set_bytes, set_header, set_header, truncate, delete, repeat, exchange, insert,
    lengths, lengths, digits,
)  # fmt: skip


def mutated(seeds: Sequence[bytes], rng: Random, *, compressed: bool = False) -> bytes:
    """One of the seeds, damaged one to four times; in five of a hundred, two seeds are joined.

    Args:
        seeds: Valid files.
        rng: Draws everything.
        compressed: Whether the seeds are gzip: in half of the inputs what they hold is damaged.
    """
    chosen = rng.choice(seeds)
    inside = compressed and rng.random() < 0.5
    if inside:
        chosen = gzip.decompress(chosen)
    data = bytearray(chosen)
    if rng.random() < 0.05 and not inside:
        other = rng.choice(seeds)
        data = data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        if data:
            data = rng.choice(MUTATORS)(data, rng)
    return gzip.compress(bytes(data), 1, mtime=0) if inside else bytes(data)


def repacked(archive: bytes, rng: Random) -> bytes:
    """Damage what a zip archive holds and mend its checksums, so that the damage is read."""
    import io
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        names = old.namelist()
        spoiled = rng.choice(names)
        for name in names:
            data = bytearray(old.read(name))
            if name == spoiled:
                data = rng.choice((set_header, digits, lengths, truncate, flip))(data, rng)
            kind = rng.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
            new.writestr(zipfile.ZipInfo(name), bytes(data), kind)
    return made.getvalue()
