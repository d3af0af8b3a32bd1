"""The verbs of supply chains, one module for each part of the way."""
