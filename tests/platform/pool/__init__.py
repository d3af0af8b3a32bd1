"""The shared data pool: members, contributions, releases, and who sees what."""
