"""The files that browsers need to blur backgrounds: brought in by npm, served from here."""
