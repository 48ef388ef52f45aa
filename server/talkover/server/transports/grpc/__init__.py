"""gRPC: the wire of ``protos/talkover/v1``."""

from talkover.server.transports.grpc.server import GrpcServer

__all__ = ["GrpcServer"]
