// Package redistrace records the commands of a client of
// github.com/redis/go-redis/v9 as trace points: one line where the client is made,
// whatever its kind (single server, Cluster, Sentinel, Ring).
//
//	client := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
//	client.AddHook(redistrace.NewHook())
//
// A command whose context carries a trace is a point "redis", a pipeline or a
// transaction one point "redis_pipeline". Waiting for a connection is part of it.
// Commands of other contexts pass through: that costs a look at the context and no
// allocation.
//
// Neither keys nor values are stored, since both may be secrets; see [WithKeys].
// "args_hash" is equal for two commands of a trace with the same arguments, and says
// nothing else about them.
package redistrace
