"""A VPC without a way in or out: private subnets, and endpoints for the two services that Redshift reads through."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from constructs import Construct

from cdk_app.constructs.grants import allow, policy_of, service_role
from cdk_app.constructs.retention import log_group

_RANGE = "10.0.0.0/24"
# Redshift Serverless wants three subnets in three zones, and in us-west-1, which has no more for an account, in two.
_SUBNETS = 3
_REGION_OF_TWO_ZONES = "us-west-1"
_SUBNET_BITS = 6
_HTTPS = 443


class ClosedNetwork(Construct):
    """Three private subnets and a security group that admits nobody.

    What is in it reaches S3 and the Glue catalogue, and nothing else: there is no gateway to the internet. The
    subnets are made with CloudFormation's own resources: CDK's `Vpc` takes two zones where it does not know the
    account, and closes the default security group with a function.
    """

    subnet_ids: list[str]
    security_group_id: str

    def __init__(self, scope: Construct, construct_id: str, *, name: str, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        vpc = ec2.CfnVPC(
            self,
            "Vpc",
            cidr_block=_RANGE,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=[cdk.CfnTag(key="Name", value=name)],
        )
        table = ec2.CfnRouteTable(self, "Routes", vpc_id=vpc.ref)
        self.subnet_ids = [self._subnet(vpc, table, zone) for zone in range(_SUBNETS)]
        group = ec2.CfnSecurityGroup(
            self,
            "SecurityGroup",
            group_description="Redshift reaches S3 and Glue; nobody reaches Redshift.",
            vpc_id=vpc.ref,
            security_group_egress=[
                ec2.CfnSecurityGroup.EgressProperty(
                    ip_protocol="tcp",
                    from_port=_HTTPS,
                    to_port=_HTTPS,
                    cidr_ip="0.0.0.0/0",
                    description="S3 and Glue, through the endpoints: there is no other way out.",
                )
            ],
        )
        self.security_group_id = group.attr_group_id
        self._endpoints(vpc, table)
        self._flow_log(vpc, key)

    def _subnet(self, vpc: ec2.CfnVPC, table: ec2.CfnRouteTable, zone: int) -> str:
        subnet = ec2.CfnSubnet(
            self,
            f"Subnet{zone + 1}",
            vpc_id=vpc.ref,
            availability_zone=self._zone(zone),
            cidr_block=cdk.Fn.select(zone, cdk.Fn.cidr(vpc.attr_cidr_block, _SUBNETS, str(_SUBNET_BITS))),
            map_public_ip_on_launch=False,
        )
        ec2.CfnSubnetRouteTableAssociation(
            self, f"Subnet{zone + 1}Routes", subnet_id=subnet.ref, route_table_id=table.ref
        )
        return subnet.ref

    def _zone(self, subnet: int) -> str:
        """The zone of a subnet: in the Region that has two for an account, the first of them for the third subnet."""
        zones = cdk.Fn.get_azs()
        zone = cdk.Fn.select(subnet, zones)
        if subnet < _SUBNETS - 1:
            return zone
        is_there = cdk.Fn.condition_equals(cdk.Aws.REGION, _REGION_OF_TWO_ZONES)
        two_zones = cdk.CfnCondition(self, "TwoZones", expression=is_there)
        return cdk.Fn.condition_if(two_zones.logical_id, cdk.Fn.select(0, zones), zone).to_string()

    def _endpoints(self, vpc: ec2.CfnVPC, table: ec2.CfnRouteTable) -> None:
        prefix = f"com.amazonaws.{cdk.Aws.REGION}"
        ec2.CfnVPCEndpoint(
            self,
            "S3",
            vpc_id=vpc.ref,
            service_name=f"{prefix}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.ref],
        )
        callers = ec2.CfnSecurityGroup(
            self,
            "EndpointSecurityGroup",
            group_description="Who may call Glue through its endpoint.",
            vpc_id=vpc.ref,
            security_group_ingress=[
                ec2.CfnSecurityGroup.IngressProperty(
                    ip_protocol="tcp",
                    from_port=_HTTPS,
                    to_port=_HTTPS,
                    source_security_group_id=self.security_group_id,
                    description="Redshift.",
                )
            ],
        )
        ec2.CfnVPCEndpoint(
            self,
            "Glue",
            vpc_id=vpc.ref,
            service_name=f"{prefix}.glue",
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=self.subnet_ids[:1],  # each subnet bills by the hour
            security_group_ids=[callers.attr_group_id],
        )

    def _flow_log(self, vpc: ec2.CfnVPC, key: kms.IKey) -> None:
        group = log_group(self, "FlowLogGroup", key)
        role = service_role(self, "FlowLogRole", "vpc-flow-logs", "Writes the flow log of the closed network.")
        actions = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        allow(role, actions, [group.log_group_arn, f"{group.log_group_arn}:log-stream:*"])
        log = ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=vpc.ref,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_group_name=group.log_group_name,
            deliver_logs_permission_arn=role.role_arn,
        )
        log.node.add_dependency(policy_of(role))
