{{ dbt_estate.info_table('dag_nodes') }}
