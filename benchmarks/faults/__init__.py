"""What befalls a call, provoked one by one against a real server, two browsers and a kernel."""
