"""Verbs on programmes; every write goes through one of them."""
