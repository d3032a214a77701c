"""The journal: its writer, schema and read queries."""
