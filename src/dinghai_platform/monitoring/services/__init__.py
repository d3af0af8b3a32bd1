"""The verbs of monitoring, one module for each matter."""
