"""Pages of supply chains."""
