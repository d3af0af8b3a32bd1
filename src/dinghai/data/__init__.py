"""Reference tables with provenance, versioned by date."""
