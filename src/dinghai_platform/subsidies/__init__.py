"""Subsidies of premiums on the platform: an authority's rule from opening to the report."""
