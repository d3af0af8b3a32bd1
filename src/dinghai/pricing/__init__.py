"""Floor 5: technical premium and its explanation, worth of each fix, premium float."""
