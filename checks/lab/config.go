package lab

// Config is the configuration of the demo world, for who needs it without the
// servers.
func Config() []byte { return []byte(fill(demoConfig, "")) }
