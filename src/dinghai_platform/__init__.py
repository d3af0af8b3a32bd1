"""The platform: Django over the engine. It may import the engine; the engine never imports it."""

import os

# As in `dinghai.cli`: jobs and pages run beside each other, and each has small arrays only.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
