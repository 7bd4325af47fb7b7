"""RTP as a forwarder and a media worker need it: numbering, loss, keyframes, and the seam to aiortc."""
