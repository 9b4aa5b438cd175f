"""Pure rules of reports: sections and their wire form."""
