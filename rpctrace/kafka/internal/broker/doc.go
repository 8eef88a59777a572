// Package broker tests sondekafka with a broker. It is a module of its own, since the
// broker, kfake, needs a newer Go and a newer client than sondekafka does.
package broker
