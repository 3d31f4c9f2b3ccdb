"""Zstandard from the standard library (Python 3.14 and later) or from its backport."""

import sys

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError, ZstdFile, compress
else:
    from backports.zstd import ZstdDecompressor, ZstdError, ZstdFile, compress

__all__ = ["ZstdDecompressor", "ZstdError", "ZstdFile", "compress"]
