"""Floor 8: readings of the engine's documents for people, as PDF/A in Chinese and English."""
