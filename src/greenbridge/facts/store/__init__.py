"""SQL of facts: batches, records, invoices, identity, operation."""
