"""Supply chains as one risk: the chain and its versions, runs of its twin, and their pages."""
