{{ dbt_estate.info_table('analyses') }}
