"""`python -m dbt_estate`: the same as the `dbt-estate` script."""

from dbt_estate.cli import main

main()
