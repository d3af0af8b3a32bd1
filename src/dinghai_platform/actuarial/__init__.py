"""Rating and referral tables in versions, with four eyes and their impact; the actuary's pages."""
