"""The verbs of the pool, one module for each matter."""
