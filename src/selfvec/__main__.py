"""``python -m selfvec``."""

import sys

from .cli import main

sys.exit(main())
