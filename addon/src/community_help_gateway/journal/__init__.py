"""The gateway's durable, ordered record of everything that matters: one SQLite file."""
