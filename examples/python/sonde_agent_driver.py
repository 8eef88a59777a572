"""An OSProfiler driver for Sonde's agent: import it before osprofiler.initializer runs.

    connection_string = agent:///run/sonde/agent.sock
"""
import http.client
import socket
from urllib.parse import unquote, urlparse

from oslo_serialization import jsonutils
from osprofiler.drivers import base


class Agent(base.Driver):
    get_name = classmethod(lambda cls: "agent")

    def notify(self, info, **kwargs):
        record = dict(info, project=self.project, service=self.service)
        agent = http.client.HTTPConnection("agent", timeout=5)
        agent.sock = socket.socket(socket.AF_UNIX)
        agent.sock.connect(unquote(urlparse(self.connection_str).path) or "/run/sonde/agent.sock")
        agent.request("POST", "/v1/events", jsonutils.dumps(record) + "\n")
        answer = agent.getresponse()
        if answer.status != 200:
            raise OSError("Sonde's agent answers %d: %s" % (answer.status, answer.read()))
        agent.close()
