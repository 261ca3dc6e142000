{{ dbt_estate.info_table('exposures') }}
