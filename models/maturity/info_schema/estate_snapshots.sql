{{ dbt_estate.info_table('snapshots') }}
