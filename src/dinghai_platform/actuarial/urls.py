"""x"""
app_name="actuarial"
urlpatterns=[]
