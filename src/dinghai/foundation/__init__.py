"""Floor 0: money, calendar, clock, identifiers, errors, trace, truth, chains, random streams."""
