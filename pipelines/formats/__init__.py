"""Training data as the services that train want it: written, and checked before anything is submitted.

Pure functions over records and lines: no Spark, no AWS client, nothing of the other packages. So the Glue job judges
what it wrote by the very function that `fourfold check-data` judges a file by.
"""
