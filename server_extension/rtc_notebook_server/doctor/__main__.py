"""``python -m rtc_notebook_server.doctor``, the same where Jupyter's commands are not on the path."""

from .app import DoctorApp

DoctorApp.launch_instance()
