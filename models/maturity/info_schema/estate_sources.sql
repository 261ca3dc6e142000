{{ dbt_estate.info_table('sources') }}
