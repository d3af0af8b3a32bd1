"""Floor 3: the step table at work. One compiled policy, two interpreters, the same fen."""
