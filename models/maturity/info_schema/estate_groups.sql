{{ dbt_estate.info_table('groups') }}
