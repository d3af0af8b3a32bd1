"""The verbs of underwriting, one module for each part of the way."""
