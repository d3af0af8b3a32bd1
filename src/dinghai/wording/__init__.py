"""Floor 2: the product language. A product is data; a policy is a product bound by a schedule."""
