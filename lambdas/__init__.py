"""The functions that the workflow and the gateway run on AWS Lambda; see README.md for events and results."""
