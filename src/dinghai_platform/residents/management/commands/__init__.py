"""`dinghai manage …`."""
