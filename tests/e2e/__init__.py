"""Tests through real processes: the gateway, Home Assistant, and a simulated phone."""
