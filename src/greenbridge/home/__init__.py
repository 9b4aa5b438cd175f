"""The visitor's home, the enterprise's overview, the operator's board, the design page."""
