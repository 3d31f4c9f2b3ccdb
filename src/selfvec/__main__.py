"""``python -m selfvec``."""

import sys

from selfvec.apps.cli import main

sys.exit(main())
