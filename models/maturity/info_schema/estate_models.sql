{{ dbt_estate.info_table('models') }}
