"""Words."""
def register() -> None:
    """x"""
