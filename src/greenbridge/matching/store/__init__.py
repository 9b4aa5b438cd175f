"""SQL of matching: runs, the platform's own books, what banks are told."""
