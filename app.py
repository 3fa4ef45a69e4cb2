"""Fourfold's CDK application: settings → stacks → checks → synthesis."""

import sys

from cdk_app.application import open_application
from cdk_app.checks.at_synth import add_checks
from stacks import create_stacks

app, settings = open_application(sys.argv[1:])
create_stacks(app, settings)
add_checks(app)
app.synth()
