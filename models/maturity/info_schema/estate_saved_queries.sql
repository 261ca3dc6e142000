{{ dbt_estate.info_table('saved_queries') }}
