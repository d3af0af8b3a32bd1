"""Floor 0: money, calendar, clock, identifiers, errors, trace, three-valued truth, random streams."""
