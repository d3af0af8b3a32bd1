"""Claims of residents: reported on a phone, decided by the engine, looked after by handlers."""
