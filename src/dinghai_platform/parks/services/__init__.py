"""Verbs on parks: each one transaction."""
