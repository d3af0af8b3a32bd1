"""The platform's commands without the engine's: `python -m dinghai_platform serve`."""

from __future__ import annotations

import sys

from dinghai_platform.commands import main

sys.exit(main())
