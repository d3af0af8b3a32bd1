"""What every page shares: layout, components, words, static files."""
