"""Bank products as data, with rules that say why and cases that prove them."""
