"""Pages of residents' claims: those of claimants, and those of handlers."""
