"""Field devices that speak the true protocols, for tests and for the demo compound."""
