"""Ground that knows nothing of credit: database, errors, clock, calendar, money, codes, web."""
