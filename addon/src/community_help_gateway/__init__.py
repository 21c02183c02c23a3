"""The gateway of Community Help: speaks the field protocols, judges, remembers, pages."""
