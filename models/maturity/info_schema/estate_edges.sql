{{ dbt_estate.info_table('edges') }}
