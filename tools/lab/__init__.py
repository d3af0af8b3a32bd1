"""The loopback laboratory that made the evidence of the example dossier."""
