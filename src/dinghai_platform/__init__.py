"""The platform: Django over the engine. It may import the engine; the engine never imports it."""
