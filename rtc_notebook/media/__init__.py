"""The media worker: the process that is a kernel's participant in the room.

A cell that holds the kernel's GIL would hold every packet, so the sockets, aiortc and the codecs live here.
Frames cross in shared memory (`ring`), everything else as the messages of `control` over pipes.
"""
