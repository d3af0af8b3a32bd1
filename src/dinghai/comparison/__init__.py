"""Floor 6: products side by side: cover, cliffs, scenario payouts, price per expected payout."""
