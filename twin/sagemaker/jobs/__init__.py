"""How training and processing jobs run here: as a process under the directory layout of a SageMaker container.

What a container finds under `/opt/ml` lies under a directory of the job's own, which `SAGEMAKER_BASE_DIR` names as
it does for SageMaker's own toolkit. Data comes and goes, and the script acts, with the job role's credentials.
"""
