"""A department's server to try against: serves given files by the departments' protocol, with faults on demand."""
