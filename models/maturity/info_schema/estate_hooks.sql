{{ dbt_estate.info_table('hooks') }}
