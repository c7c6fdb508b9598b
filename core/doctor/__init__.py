"""What is wrong with a backward pass, and what the mistake is: found by simulating every mistake of the catalogue."""
