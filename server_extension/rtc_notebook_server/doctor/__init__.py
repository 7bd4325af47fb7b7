"""``jupyter rtc-notebook doctor``: what works from here, each with a sentence on what to do."""
