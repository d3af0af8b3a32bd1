"""Floor 5: the premium and what follows from it: explanation, worth of fixes, float, shares."""
