"""Training and evaluation; the service never imports this package."""
