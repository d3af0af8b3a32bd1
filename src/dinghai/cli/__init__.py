"""Floor 9: the `dinghai` command."""

import os

# The arrays here are small: threads of the linear algebra would wait for each other most of the
# time. This must be said before numpy is imported; who knows better says it in the environment.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
