{{ dbt_estate.info_table('semantic_entities') }}
