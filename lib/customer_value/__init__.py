"""Customer value and key accounts: the library behind the notebooks."""
