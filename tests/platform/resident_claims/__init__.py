"""Tests of residents' claims."""
