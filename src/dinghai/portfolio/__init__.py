"""Floor 7: the book: its figures, and later accumulation, reinsurance and exchange."""
