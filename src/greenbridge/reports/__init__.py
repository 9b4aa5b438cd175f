"""The instant credit report: sections of facts, each with source, date and freshness."""
