"""Floor 9: the `dinghai` command."""
