{{ dbt_estate.info_table('functions') }}
