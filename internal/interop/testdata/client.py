"""Calls a URL within a trace of OSProfiler's, whose base id may be given. Prints it."""
import sys
import urllib.request

from osprofiler import initializer, opts, profiler, web
from oslo_config import cfg

store, key, url, base = sys.argv[1:]
conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, hmac_keys=key, connection_string=store)
initializer.init_from_conf(conf, context={}, project="shop", service="client", host="py-host")
p = profiler.init(key, base_id=base or None)
with profiler.Trace("client_call", info={"url": url}):
    r = urllib.request.Request(url, headers=web.get_trace_id_headers())
    body = urllib.request.urlopen(r, timeout=20).read()
assert body == b"Go says: from Python", body
print(p.get_base_id())
