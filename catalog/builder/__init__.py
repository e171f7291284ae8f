"""What `make catalog` is made of: sources in, the bundled catalogue and its report out."""
