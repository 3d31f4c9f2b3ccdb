"""How many examples of hypothesis a law is tried with: `make soak` tries ten times as many, drawn anew."""

import os

TIMES = int(os.environ.get("SELFVEC_EXAMPLES", "1"))
