"""``python -m community_help_gateway``."""

import sys

from .app import main

sys.exit(main())
