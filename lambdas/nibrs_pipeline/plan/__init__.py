"""What is asked for, what is there, what is out of date: the work lists of a run."""
