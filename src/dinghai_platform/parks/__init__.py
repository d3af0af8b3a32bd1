"""Parks: master policies, their members, premiums by day, events, portraits, services."""
