"""Small firms (普惠): plans, light answers, instant quotes, policies, batches, monthly pages."""
