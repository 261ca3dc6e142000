"""The ledger of call_procedures on the command line."""
