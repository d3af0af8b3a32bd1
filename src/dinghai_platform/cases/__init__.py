"""The case page and the dashboard: what crosses the rooms."""
