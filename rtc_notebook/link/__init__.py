"""The media link: encoded pictures and sound over a WebSocket, in real time. Logic without I/O, for SFU and worker.

`wire` is what a message is; `window` how much may be on its way; `outbox` what is sent next and what is skipped.
``static/rtc_notebook/link-*.js`` is the browser's side of it.
"""
