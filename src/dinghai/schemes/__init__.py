"""Floor 7: mass lines: residents, parks, small firms, and subsidies of premiums."""
