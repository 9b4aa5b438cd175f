"""Security: pledges that no other bank holds already, and mortgages registered with the land registry."""
