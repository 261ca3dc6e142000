{{ dbt_estate.info_table('node_exceptions') }}
