{{ dbt_estate.info_table('packages') }}
