"""Addresses of incidents and cases."""
app_name = "cases"
urlpatterns: list = []
