"""Pure rules of scoring: features, bands, reasons."""
