"""Child processes that speak JSON lines with their parent, and never outlive it.

`start` runs a module as a child process, `child` is what that uses to speak with its parent; `spawn` is a parent with
an asyncio loop (the Jupyter server), `threads` a parent without one of its own (the kernel). Messages are anything that
msgspec can encode; the pipes have no name, so nobody else on the machine can open them.
"""
