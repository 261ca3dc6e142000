{{ dbt_estate.info_table('metrics') }}
