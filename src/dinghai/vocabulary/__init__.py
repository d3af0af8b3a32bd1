"""Floor 1: the standard language and the one registry of typed incident facts."""
