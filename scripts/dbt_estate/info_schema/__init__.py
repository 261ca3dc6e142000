"""The dbt Information Schema v1 out of the artifacts of dbt v1, in embedded DuckDB."""
