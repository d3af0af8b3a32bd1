"""Pages of small firms."""
