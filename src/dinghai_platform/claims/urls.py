"""Addresses of incidents and claims."""
app_name = "claims"
urlpatterns: list = []
