"""Pure rules of underwriting: evidence, limits, prices, conditions; portfolios and what they are compared with."""
