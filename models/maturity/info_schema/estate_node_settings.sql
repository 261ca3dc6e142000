{{ dbt_estate.info_table('node_settings') }}
