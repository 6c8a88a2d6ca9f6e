package ui

import (
	"context"
	"fmt"
	"sync/atomic"

	tea "charm.land/bubbletea/v2"
)

// Task is one piece of long work in a goroutine of its own: the only ones in
// the console. What it emits comes as EventMsg, its end as DoneMsg; both carry
// the id, so that who has stopped a task can drop what comes late.
type Task struct {
	ID     int64
	cancel context.CancelFunc
	out    chan tea.Msg
}

// EventMsg is one event of a running task. Who gets it asks for the next one
// with Task.Next.
type EventMsg struct {
	ID    int64
	Event any
}

// DoneMsg is the end of a task. Err is set when it panicked.
type DoneMsg struct {
	ID    int64
	Value any
	Err   error
}

var lastTask atomic.Int64 // numbers only have to differ

// Start runs work and returns the command that waits for its first message.
func Start(ctx context.Context, work func(ctx context.Context, emit func(any)) any) (*Task, tea.Cmd) {
	ctx, cancel := context.WithCancel(ctx)
	t := &Task{ID: lastTask.Add(1), cancel: cancel, out: make(chan tea.Msg, 64)}
	emit := func(e any) {
		select {
		case t.out <- EventMsg{t.ID, e}:
		case <-ctx.Done():
		}
	}
	begin := func() tea.Msg {
		go func() {
			defer cancel()
			value, err := guard(ctx, work, emit)
			// Room is kept for it by nobody, but a reader waits until the end.
			select {
			case t.out <- DoneMsg{t.ID, value, err}:
			case <-ctx.Done():
				select {
				case t.out <- DoneMsg{t.ID, value, err}:
				default:
				}
			}
			close(t.out)
		}()
		return t.wait()
	}
	return t, begin
}

// guard turns a panic into an error: one in a goroutine would leave the
// terminal in raw mode.
func guard(ctx context.Context, work func(context.Context, func(any)) any, emit func(any)) (value any, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the check broke off: %v", r)
		}
	}()
	return work(ctx, emit), nil
}

// Next waits for the next message of the task.
func (t *Task) Next() tea.Cmd { return t.wait }

func (t *Task) wait() tea.Msg {
	if m, ok := <-t.out; ok {
		return m
	}
	return nil
}

// Stop cancels the task. Its late messages are for nobody.
func (t *Task) Stop() { t.cancel() }
