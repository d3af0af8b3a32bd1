"""Small firms on the platform."""
