"""Serve the gateway: in Lambda behind the Lambda Web Adapter, elsewhere on loopback."""

from lambdas.gateway.serving import serve

serve()
