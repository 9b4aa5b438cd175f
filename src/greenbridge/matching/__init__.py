"""Need x products: ranked, explained matches and near misses."""
