"""Insurance programmes of supply chains: members, certificates, shares, settlements, floats."""
