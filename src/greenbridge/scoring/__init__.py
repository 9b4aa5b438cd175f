"""The default model at work: features, probability, band, reasons."""
