"""Addresses of residents' claims."""
from django.http import HttpResponse
from django.urls import path

app_name = "resident_claims"
urlpatterns = [path("", lambda r: HttpResponse(), name="claims")]
