"""The whole service at work on a generated town or on real input."""
