// Package systemd has no code: its tests hold the units of the agent and the collector
// beside it, which are for copying to /etc/systemd/system.
package systemd
