"""Products as a tenant offers them: versions of structured wordings with their filing."""
