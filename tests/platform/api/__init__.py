"""The whole API by its own description, as every role."""
