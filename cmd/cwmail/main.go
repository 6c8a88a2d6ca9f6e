// Command cwmail finds out why ClockWise mail would not arrive, says who must
// do what about it, and shows the exact record that mends it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

// run is main without the exit, so that deferred calls are made.
func run() int {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		// The question that other programs ask needs none of the commands.
		if _, err := fmt.Println(version()); err != nil {
			return report(os.Stderr, unwritten(err))
		}
		return exitOK
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends what does not stop
	return newApp(realSystem()).main(ctx, os.Args[1:])
}
