"""What there is on a host, for `lab.snapshot`: scripts that run on the host itself, and what they leave out."""
