"""Verbs on residents' claims; every write goes through one of them."""
