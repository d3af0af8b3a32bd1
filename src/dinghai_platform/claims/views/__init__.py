"""Pages of incidents and claims."""
