"""Green rating of firms and projects, its review, certificates, and the subsidy on green loans."""
