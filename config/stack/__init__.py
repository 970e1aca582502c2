"""The local stack: PostgreSQL, Valkey and all processes of the project on one machine."""
