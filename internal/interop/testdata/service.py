"""A WSGI service with OSProfiler's own middleware. Prints its port."""
import sys
from wsgiref import simple_server

from osprofiler import initializer, profiler, web
from oslo_config import cfg


def app(environ, start_response):
    with profiler.Trace("python_work", info={"what": "something"}):
        pass
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"from Python"]


class Quiet(simple_server.WSGIRequestHandler):
    def log_message(self, *args):
        pass


store, key = sys.argv[1:]
from osprofiler import opts
conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, hmac_keys=key, connection_string=store)
initializer.init_from_conf(conf, context={}, project="shop", service="python", host="py-host")
server = simple_server.make_server("127.0.0.1", 0, web.WsgiMiddleware(app, hmac_keys=key, enabled=True), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
