"""Pure rules of schemes: expressions, curves, the rating fold, inputs of facts, words, screening."""
