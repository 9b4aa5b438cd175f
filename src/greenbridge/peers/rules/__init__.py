"""Pure rules of peers: a firm's industry and size, its metrics, groups and a firm's place in them."""
