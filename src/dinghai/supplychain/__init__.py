"""Floor 6: the supply chain as one risk: steps, passages, cascades, and who shares the loss."""
