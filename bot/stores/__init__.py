"""Databases that run units of work: the schema and the queries are .sql files, an engine each runs them."""
