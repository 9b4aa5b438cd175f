"""What becomes of firms and of the model after the decision: contagion, watch-lists, drift, back-tests."""
