// Command cwmail finds out why ClockWise mail would not arrive, says who must
// do what about it, and shows the exact record that mends it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

// run is main without the exit, so that deferred calls are made.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return newApp(realSystem()).main(ctx, os.Args[1:])
}
