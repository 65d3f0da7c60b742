"""What is no test; where these compute is said in `../conftest.py`."""

# It needs torch, and would be in the way where that is missing.
collect_ignore = ["functional_oracle.py"]
