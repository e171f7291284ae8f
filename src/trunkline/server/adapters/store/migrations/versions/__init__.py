"""One file per change of the tables; once released, a file is never edited."""
