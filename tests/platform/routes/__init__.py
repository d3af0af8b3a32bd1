"""Every address of the site: who gets in, who does not, and how its pages are made."""
