"""Writes of small firms."""
