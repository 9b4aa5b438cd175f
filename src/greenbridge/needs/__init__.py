"""A financing need, published to closed."""
