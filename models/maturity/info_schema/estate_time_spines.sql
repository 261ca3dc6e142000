{{ dbt_estate.info_table('time_spines') }}
