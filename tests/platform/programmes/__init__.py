"""Tests of insurance programmes of supply chains."""
