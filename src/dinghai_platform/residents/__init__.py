"""Residents' anti-fraud cover: schemes, enrolment by the million, certificates."""
