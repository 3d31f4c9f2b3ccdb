"""Zstandard, from the standard library where it has it (3.14) and from its backport before."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError, ZstdFile, compress
else:
    from backports.zstd import ZstdDecompressor, ZstdError, ZstdFile, compress

__all__ = ["ZstdDecompressor", "ZstdError", "ZstdFile", "compress"]
