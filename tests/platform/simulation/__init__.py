"""One seeded world that drives the whole lifecycle through services, with faults injected."""
