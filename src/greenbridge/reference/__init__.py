"""Reference data: industries, regions, green catalogue, banks, loan prime rate; a firm's industry from its name and scope."""
