{{ dbt_estate.info_table('project') }}
