"""The command line of the dbt_estate package."""
