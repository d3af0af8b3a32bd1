"""Floor 1: where work runs."""
