"""The page's own stack, deployed: what it answers, and that deleting it takes nobody who empties its bucket."""

from __future__ import annotations

import http.client
from pathlib import Path

from twin import deployment
from twin.emulator import Emulator
from twin.run import session, staging
from twin.run.synthesis import synthesize

PROJECT = Path(__file__).resolve().parents[2]
STACK = "Fourfold-twin-Page"


def got(emulator: Emulator, host: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", emulator.port, timeout=60)
    connection.request("GET", path, headers={"Host": host})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_the_stack_serves_its_files_and_is_deleted_with_its_bucket_and_every_version_in_it(tmp_path: Path) -> None:
    workflow = PROJECT / "workflow.yaml"
    assembly = synthesize(PROJECT, workflow, session.ENVIRONMENT, tmp_path / "cdk.out")
    with Emulator(tmp_path / "emulator") as emulator:
        deployment.bootstrap(emulator)
        deployment.deploy(emulator, assembly, stacks=[STACK])
        outputs = staging.stack_outputs(emulator, session.ENVIRONMENT)
        bucket, s3 = outputs["PageBucketName"], emulator.client("s3")
        host = outputs["PageDomainName"].partition(".")[0] + f".cloudfront.localhost:{emulator.port}"
        assert got(emulator, host, "/") == (200, (PROJECT / "web/index.html").read_text())
        assert got(emulator, host, "/chat") == (403, (PROJECT / "web/missing.html").read_text())
        (configuration,) = s3.list_objects_v2(Bucket=bucket, Prefix="configuration/")["Contents"]
        published = s3.get_object(Bucket=bucket, Key=configuration["Key"])
        # A former version of an object, as a later deployment leaves it.
        s3.put_object(Bucket=bucket, Key=configuration["Key"], Body=published["Body"].read())

        cloudformation = emulator.client("cloudformation")
        cloudformation.delete_stack(StackName=STACK)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})

        assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]
