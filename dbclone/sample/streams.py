"""Random streams named by what they are for, so that a new table or column changes no other.

Takes one seed and names, gives 64-bit stream seeds and numpy generators.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *names: object) -> int:
    """A 63-bit seed for the stream that ``names`` describe."""
    text = "\x1f".join(str(name) for name in (seed, *names))
    return int.from_bytes(hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=8).digest(), "little") >> 1


def generator(seed: int, *names: object) -> np.random.Generator:
    """A numpy generator on the stream that ``names`` describe."""
    return np.random.Generator(np.random.PCG64(stream(seed, *names)))
