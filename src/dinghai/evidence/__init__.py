"""Evidence: what scanners, inventories and threat feeds say, one observed fact at a time."""
