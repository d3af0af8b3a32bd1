"""The whole story in the terminal: `dinghai demo`."""
