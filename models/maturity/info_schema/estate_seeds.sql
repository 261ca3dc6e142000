{{ dbt_estate.info_table('seeds') }}
