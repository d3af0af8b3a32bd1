"""What happens while cover runs: readings, findings, notices and the premium float."""
