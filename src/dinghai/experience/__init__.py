"""Floor 2: incident data becomes severity and frequency, with what was screened and why."""
