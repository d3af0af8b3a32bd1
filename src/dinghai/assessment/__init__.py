"""Floor 3: the dossier of an enterprise, and the assessment that follows from it."""
