"""The states of a call, walked through one after the other; at each, ``take`` looks: a camera, or axe-core."""
