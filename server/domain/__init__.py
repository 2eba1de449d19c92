"""The rules: plain functions and values, standard library only; time comes in as an argument."""
