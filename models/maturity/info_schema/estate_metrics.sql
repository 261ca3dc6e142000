{{ dbt_estate.maturity_table() }}

{{ dbt_estate.info_table('metrics') }}
