"""Floor 4: perils, joint event facts, compound distributions, year-loss simulation."""
