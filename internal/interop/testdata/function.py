"""Traces a call of a function with OSProfiler's decorator. Prints the base id."""
import sys

from osprofiler import initializer, opts, profiler
from oslo_config import cfg


@profiler.trace("price", hide_result=False)
def price(sku, count):
    return {"cents": 250 * count}


store, key = sys.argv[1:]
conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, hmac_keys=key, connection_string=store)
initializer.init_from_conf(conf, context={}, project="shop", service="python", host="py-host")
p = profiler.init(key)
price("tea", count=2)
print(p.get_base_id())
