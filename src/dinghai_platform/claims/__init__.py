"""Incidents and claims: from the first report to the last fen paid."""
