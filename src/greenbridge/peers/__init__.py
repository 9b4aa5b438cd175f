"""How a firm compares with firms of its industry and size."""
