"""The one way money moves: balanced, append-only double entry."""
