"""Adding text to a run (`update`) and merging runs (`merge`).

    update(refine(A), B) == refine(A + B)            merge([refine(A), refine(B)]) == refine(A + B)

bit for bit, in tokens, vocabulary, counts and both tables of vectors. Of A only the token ids are read again.
"""

from .update_merge import fields_of, merge, update

__all__ = ["fields_of", "merge", "update"]
