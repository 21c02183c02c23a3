"""Modbus registers and device profiles."""
