"""Settings: `base` holds what is always so, `site` a running site, `test` the test suite."""
