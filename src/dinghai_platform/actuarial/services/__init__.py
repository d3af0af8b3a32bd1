"""The verbs of the actuary's room, one module for each part of the way."""
