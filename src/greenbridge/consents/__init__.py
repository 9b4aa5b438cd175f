"""Who may read a firm's data, for which purpose, how long."""
