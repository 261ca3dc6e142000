{{ dbt_estate.info_table('unit_tests') }}
