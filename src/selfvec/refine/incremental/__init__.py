"""Runs that grow: by new text (`update`), and by one another (`merge`).

    update(refine(A), B) == refine(A + B)            merge([refine(A), refine(B)]) == refine(A + B)

to the bit, in tokens, vocabulary, counts and both tables of vectors. Nothing of A is read again but the ids
that its run keeps.
"""

from .growing import fields_of, merge, update

__all__ = ["fields_of", "merge", "update"]
