"""Adding text to a run (`update`) and merging runs (`merge`).

    update(refine(A), B) == refine(A + B)            merge([refine(A), refine(B)]) == refine(A + B)

Tokens, vocabulary, counts and both tables are equal bit for bit. Only the token ids of A are read again.
"""

from .update_merge import fields_of, merge, update

__all__ = ["fields_of", "merge", "update"]
