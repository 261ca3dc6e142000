"""Column names without a warehouse: `dbt-estate names`."""
