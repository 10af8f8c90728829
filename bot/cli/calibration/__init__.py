"""Measuring a grader against people's grades and against attacks: the parts of `mlops-coach calibrate`."""
