package config

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"clockwise.info/cwmail/transports"
)

// Conflict is the error about a change of what someone else changed
// meanwhile. Nothing was written. With it, Store.Merge writes what only we
// changed over theirs, and Store.Redo what one decides after having seen it.
type Conflict struct {
	Path    string
	Who     string // "" where not known: it was not done with cwmail
	When    time.Time
	What    []string             // what they changed, in words
	Both    []string             // settings that both changed: here Merge keeps theirs
	Theirs  transports.Transport // as it is now; zero with Removed
	Mine    transports.Transport // as it was to be; zero where it was to be removed
	Removed bool                 // they removed it
	Fresh   *File                // as it is now

	desc        string
	merge, over func() []transports.Change // on Fresh; functions, which print as addresses: they may hold passwords
}

// Format keeps passwords out of every verb.
func (c Conflict) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(c.Error())) }

func (c *Conflict) Error() string {
	who := c.Who
	if who == "" {
		who = "someone else"
	}
	return fmt.Sprintf("config: %s: meanwhile %s changed the same (%s); nothing was saved", c.Path, who, strings.Join(c.What, ", "))
}

// Merge writes what only we changed over what they did.
func (s *Store) Merge(c *Conflict) (*File, error) {
	return s.Change(c.Fresh, c.desc, c.merge()...)
}

// Redo makes changes that were thought of after having seen theirs. Without
// any it writes ours over theirs.
func (s *Store) Redo(c *Conflict, mine ...transports.Change) (*File, error) {
	if len(mine) == 0 {
		mine = c.over()
	}
	return s.Change(c.Fresh, c.desc, mine...)
}

// rebase says what changes thought of for base are on fresh.
func (s *Store) rebase(base, fresh *File, desc string, changes []transports.Change) ([]transports.Change, error) {
	if base == nil || base.sum == fresh.sum {
		return changes, nil
	}
	r := rebaser{base: base, fresh: fresh, own: map[string]bool{}, before: namesOf(base), after: namesOf(fresh)}
	for _, c := range changes {
		r.take(c)
	}
	if r.conflict == nil {
		return r.over, nil
	}
	r.conflict.Path, r.conflict.Fresh, r.conflict.desc = s.path, fresh, desc
	r.conflict.merge = func() []transports.Change { return r.merge }
	r.conflict.over = func() []transports.Change { return r.over }
	r.conflict.Who, r.conflict.When = s.author(fresh)
	return nil, r.conflict
}

// author is who wrote f last.
func (s *Store) author(f *File) (who string, when time.Time) {
	path := behindLinks(s.path)
	sum := sumOf(f.text())
	all, _ := history{folder: path + historySuffix}.entries(sum)
	if n := len(all); n > 0 && all[n-1].After == sum {
		return all[n-1].Who, all[n-1].At
	}
	if info, err := os.Stat(path); err == nil {
		when = info.ModTime()
	}
	return "", when
}

func namesOf(f *File) []string {
	out := make([]string, len(f.Transports))
	for i, t := range f.Transports {
		out[i] = t.Name
	}
	return out
}

// rebaser takes changes one after the other.
type rebaser struct {
	base, fresh   *File
	before, after []string        // names in the list, with the changes so far
	own           map[string]bool // names that the changes so far made
	merge, over   []transports.Change
	conflict      *Conflict
}

func (r *rebaser) take(c transports.Change) {
	was, had := named(r.base, c.Name)
	now, has := named(r.fresh, c.Name)
	switch {
	case c.Kind == transports.AddTransport:
		r.add(c)
	case r.own[c.Name] || !had: // of our making, or an error that Apply tells
		r.both(c)
	case c.Kind == transports.RemoveTransport:
		r.remove(c, was, now, has)
	case !has:
		r.gone(c, was)
	case c.Kind == transports.EditTransport:
		r.edit(c, was, now)
	default:
		r.move(c)
	}
}

// both takes a change that concerns nobody else.
func (r *rebaser) both(c transports.Change) {
	if c.Kind == transports.MoveTransport || c.Kind == transports.AddTransport && c.At >= 0 {
		at := c.At
		c.At = r.place(c)
		r.follow(c, at)
	} else {
		r.follow(c, c.At)
	}
	r.merge, r.over = append(r.merge, c), append(r.over, c)
}

// place is where a place of the old list is in the new one: before the same
// neighbour.
func (r *rebaser) place(c transports.Change) int {
	without := func(names []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == c.Name && c.Kind == transports.MoveTransport })
	}
	before, after := without(r.before), without(r.after)
	if c.At > len(before) {
		return c.At // an error that Apply tells
	}
	for _, neighbour := range before[max(0, c.At):] {
		if i := slices.Index(after, neighbour); i >= 0 {
			return i
		}
	}
	return len(after)
}

// follow keeps the lists of names as c changes them.
func (r *rebaser) follow(c transports.Change, at int) {
	r.before, r.after = renamed(r.before, c, at), renamed(r.after, c, c.At)
	if c.Kind == transports.AddTransport || c.Kind == transports.EditTransport {
		r.own[c.To.Name] = r.own[c.To.Name] || c.To.Name != c.Name
	}
}

func renamed(names []string, c transports.Change, at int) []string {
	names = slices.Clone(names)
	i := slices.Index(names, c.Name)
	switch {
	case c.Kind == transports.AddTransport:
		return slices.Insert(names, placeOf(at, len(names)), c.To.Name)
	case i < 0:
	case c.Kind == transports.EditTransport:
		names[i] = c.To.Name
	default:
		names = slices.Delete(names, i, i+1)
		if c.Kind == transports.MoveTransport {
			names = slices.Insert(names, placeOf(at, len(names)), c.Name)
		}
	}
	return names
}

// clash notes that c concerns what they changed: what becomes of it when it is
// merged, and when it is written over theirs. A name of "" is nothing at all.
func (r *rebaser) clash(told Conflict, merge, over []transports.Change) {
	r.merge, r.over = append(r.merge, merge...), append(r.over, over...)
	for _, c := range over {
		r.follow(c, c.At)
	}
	if r.conflict == nil {
		r.conflict = &told
		return
	}
	r.conflict.What = append(r.conflict.What, told.What...)
	r.conflict.Both = append(r.conflict.Both, told.Both...)
}

func (r *rebaser) add(c transports.Change) {
	i := slices.IndexFunc(r.fresh.Transports, func(t transports.Transport) bool { return strings.EqualFold(t.Name, c.To.Name) })
	_, had := named(r.base, c.To.Name)
	if i < 0 || had || r.own[c.To.Name] {
		r.both(c)
		return
	}
	now := r.fresh.Transports[i]
	if transports.Same(now, c.To) {
		return // they added it
	}
	merged, both := transports.MergeEdits(transports.Transport{}, c.To, now)
	r.clash(
		Conflict{What: []string{transports.Change{Kind: transports.AddTransport, To: now}.String()}, Both: both, Theirs: now, Mine: c.To},
		change(now.Name, merged), change(now.Name, c.To),
	)
}

func change(name string, to transports.Transport) []transports.Change {
	return []transports.Change{{Kind: transports.EditTransport, Name: name, To: to}}
}

func (r *rebaser) remove(c transports.Change, was, now transports.Transport, has bool) {
	switch {
	case !has: // they removed it
	case transports.Same(was, now):
		r.both(c)
	default:
		r.clash(Conflict{What: []string{words(was, now)}, Theirs: now}, nil, []transports.Change{c})
	}
}

func words(was, now transports.Transport) string {
	return transports.Change{Kind: transports.EditTransport, Name: was.Name, To: now}.Describe(was)
}

// gone is an edit or a move of what they removed.
func (r *rebaser) gone(c transports.Change, was transports.Transport) {
	told := Conflict{What: []string{transports.Change{Kind: transports.RemoveTransport, Name: c.Name}.String()}, Removed: true, Mine: was}
	var again []transports.Change
	if c.Kind == transports.EditTransport {
		told.Mine = c.To
		again = []transports.Change{{Kind: transports.AddTransport, To: c.To, At: -1}}
	}
	r.clash(told, again, again)
}

func (r *rebaser) edit(c transports.Change, was, now transports.Transport) {
	taken, isTaken := named(r.fresh, c.To.Name)
	_, wasTaken := named(r.base, c.To.Name)
	switch {
	case c.To.Name != c.Name && isTaken && !wasTaken:
		merged, both := transports.MergeEdits(was, c.To, now)
		merged.Name = c.Name
		told := transports.Change{Kind: transports.AddTransport, To: taken}.String()
		over := c.To
		over.Name = c.Name
		r.clash(Conflict{What: []string{told}, Both: append(both, "name"), Theirs: taken, Mine: c.To}, change(c.Name, merged), change(c.Name, over))
	case transports.Same(was, now):
		r.both(c)
	case transports.Same(now, c.To): // they did the same
	default:
		merged, both := transports.MergeEdits(was, c.To, now)
		r.clash(Conflict{What: []string{words(was, now)}, Both: both, Theirs: now, Mine: c.To}, change(c.Name, merged), []transports.Change{c})
	}
}

// move is a conflict only with another order.
func (r *rebaser) move(c transports.Change) {
	common := func(names, other []string) []string {
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !slices.Contains(other, n) })
	}
	a, b := namesOf(r.base), namesOf(r.fresh)
	if slices.Equal(common(a, b), common(b, a)) {
		r.both(c)
		return
	}
	now, _ := named(r.fresh, c.Name)
	c.At = min(c.At, len(b)-1)
	r.clash(Conflict{What: []string{"moves transports"}, Theirs: now, Mine: now}, nil, []transports.Change{c})
}
