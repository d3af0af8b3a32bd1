"""The verbs on subsidies, one module for each matter."""
