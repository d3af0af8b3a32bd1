"""The shared data pool: insurers give loss records, the pool releases statistics alone."""
