// Package widget holds the parts that pages are made of.
package widget

import (
	"fmt"

	"clockwise.info/cwmail/tui/keys"
)

// List is the place in a list of rows: the selected one and the first shown.
// It keeps no rows: only those that are visible are ever drawn, so a list of a
// thousand costs no more than one of ten.
type List struct {
	At  int // the selected row
	top int
	h   int // rows shown at the last View
}

// Rows is what a List shows.
type Rows struct {
	Len  int
	Can  func(i int) bool             // whether the row can be selected; nil: all can
	Draw func(i int, sel bool) string // the row without its gutter
	Tall func(i int) int              // rows below i that belong to it, kept in sight; nil: none
}

func (r Rows) can(i int) bool { return i >= 0 && i < r.Len && (r.Can == nil || r.Can(i)) }

// Settle puts the selection on a row that can have it.
func (l *List) Settle(r Rows) {
	l.At = max(0, min(l.At, r.Len-1))
	if r.can(l.At) {
		return
	}
	for i := l.At; i < r.Len; i++ {
		if r.can(i) {
			l.At = i
			return
		}
	}
	for i := l.At; i >= 0; i-- {
		if r.can(i) {
			l.At = i
			return
		}
	}
}

// Do moves. ok is false for an action that is no movement.
func (l *List) Do(a keys.Action, r Rows) (ok bool) {
	page := max(1, l.h-2)
	switch a {
	case keys.Up:
		l.step(-1, 1, r)
	case keys.Down:
		l.step(1, 1, r)
	case keys.PageUp:
		l.step(-1, page, r)
	case keys.PageDown:
		l.step(1, page, r)
	case keys.Top:
		l.At, l.top = 0, 0
		l.Settle(r)
	case keys.Bottom:
		l.At = r.Len - 1
		l.Settle(r)
		l.top = r.Len - l.h
	default:
		return false
	}
	return true
}

// step goes n rows in a direction, to the nearest row that can be selected.
// Where there is none within a page, the rows move instead, so that all text
// can be read.
func (l *List) step(dir, n int, r Rows) {
	to := l.At
	for i := l.At + dir; i >= 0 && i < r.Len; i += dir {
		if r.can(i) {
			to = i
			if (i-l.At)*dir >= n {
				break
			}
		}
	}
	if to != l.At {
		hidden := l.h > 0 && (to < l.top-l.h || to >= l.top+2*l.h)
		if !hidden || n > 1 {
			l.At = to
			return
		}
	}
	l.top += dir * n
	l.top = max(0, min(l.top, r.Len-l.h))
}

// reveal scrolls so that the selection is in sight. It jumps by a page instead
// of a row at a time: a row at a time would rewrite the whole pane at every
// key press, which people on a slow line feel.
func (l *List) reveal(r Rows) {
	tall := 1
	if r.Tall != nil {
		tall += r.Tall(l.At)
	}
	tall = min(tall, l.h)
	switch {
	case l.At < l.top:
		l.top = l.At + tall - l.h
		if l.At <= l.h-1 {
			l.top = 0
		}
	case l.At+tall > l.top+l.h:
		l.top = l.At
		if r.Tall == nil && l.At > 0 {
			l.top-- // one row of what was there, to keep one's place
		}
	}
	l.top = max(0, min(l.top, r.Len-l.h))
}

// View draws h rows. y is the line of the selection, negative when there is
// none in sight.
func (l *List) View(r Rows, h int, gutter func(sel bool) string) (lines []string, y int) {
	l.h = max(0, h)
	y = -1
	if r.Len == 0 || h <= 0 {
		return nil, y
	}
	l.Settle(r)
	if !l.roaming(r) {
		l.reveal(r)
	}
	l.top = max(0, min(l.top, r.Len-l.h))
	for i := l.top; i < min(r.Len, l.top+h); i++ {
		sel := i == l.At && r.can(i)
		if sel {
			y = i - l.top
		}
		lines = append(lines, gutter(sel)+r.Draw(i, sel))
	}
	return lines, y
}

// roaming holds while the reader has moved the rows away from the selection,
// which happens only where rows that cannot be selected fill a page.
func (l *List) roaming(r Rows) bool {
	if r.Can == nil {
		return false
	}
	for i := max(0, l.top); i < min(r.Len, l.top+l.h); i++ {
		if r.can(i) {
			return false
		}
	}
	return true
}

// Shown are the rows of the last View: from, and the one behind the last.
func (l *List) Shown() (from, to int) { return l.top, l.top + l.h }

// Place is "12-30 of 88", or "" when everything is in sight.
func (l *List) Place(n int) string {
	if n <= l.h || l.h <= 0 {
		return ""
	}
	return fmt.Sprintf("%d-%d of %d", l.top+1, min(n, l.top+l.h), n)
}

// Click selects the row at line y of the last View. again is true when it was
// selected before.
func (l *List) Click(y int, r Rows) (again bool) {
	i := l.top + y
	if y < 0 || y >= l.h || !r.can(i) {
		return false
	}
	again = l.At == i
	l.At = i
	return again
}
