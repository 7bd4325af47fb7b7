"""What one can do with a call, in parts; `rtc_notebook.call.Call` is all of them."""
