"""What operators see of a running coach: its log, its metrics, and whether it is well."""
