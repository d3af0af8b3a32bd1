"""Pages of the actuary's room."""
