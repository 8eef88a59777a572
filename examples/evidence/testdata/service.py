"""A WSGI service with OSProfiler's own middleware. Prints its port."""
import datetime
import random
import socketserver
import sys
import time
import types
from urllib.parse import parse_qs
from wsgiref import simple_server

from osprofiler import initializer, opts, profiler, web
from oslo_config import cfg

store, key, offset = sys.argv[1:]


class Clock(datetime.datetime):
    """The clock of this host, which is off."""

    @classmethod
    def utcnow(cls):
        return datetime.datetime.utcnow() + datetime.timedelta(microseconds=int(offset))


profiler.datetime = types.SimpleNamespace(datetime=Clock)
profiler.socket = types.SimpleNamespace(gethostname=lambda: "quotes-1")


def app(environ, start_response):
    sleep = float(parse_qs(environ["QUERY_STRING"]).get("sleep", ["0"])[0])
    began = time.monotonic()
    with profiler.Trace("quote", info={"what": "a price"}):
        sorted(random.random() for _ in range(500))
        if sleep:
            time.sleep(sleep)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%f" % (time.monotonic() - began)]


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True
    request_queue_size = 64


class Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *args):
        pass


conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, hmac_keys=key, connection_string=store)
initializer.init_from_conf(conf, context={}, project="evidence", service="quotes", host="quotes-1")
app = web.WsgiMiddleware(app, hmac_keys=key, enabled=True)
server = simple_server.make_server("127.0.0.1", 0, app, server_class=Server, handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
