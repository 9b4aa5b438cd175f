"""Pure rules of facts: items, cleaning, invoices."""
