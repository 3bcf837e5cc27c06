"""Case work: what people and the engine do to a case, kept for ever, and what follows from it."""
