"""What every room of the platform stands on: tenants, actors, audit, jobs, files, idempotency."""
