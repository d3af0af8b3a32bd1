"""Commands of residents' cover for who runs a site."""
