{{ dbt_estate.info_table('data_tests') }}
