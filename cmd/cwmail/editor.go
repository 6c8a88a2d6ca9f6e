package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"clockwise.info/cwmail/checks"
	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/finding"
	"clockwise.info/cwmail/checks/lab"
	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

// editor changes the configuration, and is the world as guides see it. In the
// demo nothing it does outlasts the program.
type editor struct {
	a     *app
	w     *world
	base  *checks.Examiner
	store *config.Store // nil in the demo
	runs  runStore
	world wizard.World

	mu       sync.Mutex
	file     *config.File // as it is now
	demoKeys string       // folder; "" until it is needed
	past     []done       // changes of the demo
}

// editor makes the editor of a world.
func (a *app) editor(w *world) *editor {
	e := &editor{a: a, w: w, base: a.examiner(w), file: w.file}
	if a.shared.demo && a.shared.config == "" {
		e.runs = &heldRuns{}
	} else {
		e.store = config.NewStore(w.file.Path, who(a.getenv), a.now)
		e.runs = &keptRuns{}
		if folder, err := config.StateFolder(a.getenv); err == nil {
			e.runs = &keptRuns{states: config.NewStates(folder)}
		}
	}
	e.world = wizard.World{
		Now: a.now, Service: w.file.Service, Examine: e.afresh,
		Resolver: w.resolver, Fresh: dns.NewOverlay(w.lower, a.shared.sets), Wait: a.consoleWait(w),
		Transports: e.transports, Change: e.change, Setting: setting,
		NewKey: e.newKey, LoadKey: loadKey, Compose: e.composeFor, Send: e.sendFor, Keep: e.runs.keep,
	}
	if e.store != nil && config.HasKeyring(have, a.getenv) {
		e.world.KeepSecret = config.SystemVault().Keep
	}
	if w.demo != nil {
		e.world.Panel = w.panel(a.hasty)
	}
	return e
}

// who is told to others whom a change concerns.
func who(getenv func(string) string) string {
	user := cmp.Or(getenv("SUDO_USER"), getenv("USER"), getenv("LOGNAME"), getenv("USERNAME"), "someone")
	if host := hostname(); host != "" {
		return user + " on " + host
	}
	return user
}

// now is the configuration as it is.
func (e *editor) now() *config.File {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.file
}

func (e *editor) transports() []transports.Transport { return slices.Clone(e.now().Transports) }

// examiner examines with the transports as they are now.
func (e *editor) examiner() *checks.Examiner {
	x := *e.base
	x.All = e.now().Transports
	return &x
}

// examine is what the console does.
func (e *editor) examine(ctx context.Context, t checks.Target, emit func(checks.Event)) checks.Report {
	return e.examiner().Examine(ctx, t, emit)
}

// tried examines with records laid over DNS.
func (e *editor) tried(ctx context.Context, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report {
	return whatIf(ctx, e.examiner(), t, sets, emit)
}

func whatIf(ctx context.Context, e *checks.Examiner, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report {
	over := *e
	overlay := dns.NewOverlay(e.Resolver, sets)
	over.Resolver = overlay
	if e.Asker != nil {
		over.Asker = overlay
	}
	return over.Examine(ctx, t, emit)
}

// afresh is tried; without records it sees what somebody has just published.
func (e *editor) afresh(ctx context.Context, t checks.Target, sets []dns.Set, emit func(checks.Event)) checks.Report {
	if len(sets) == 0 {
		e.w.cache.Forget()
	}
	return e.tried(ctx, t, sets, emit)
}

// targets are the transports, read again: others may have changed them too.
func (e *editor) targets() []checks.Target {
	_ = e.reload() // a file that cannot be read now leaves what was read before
	return targetsOf(e.now())
}

// forget forgets the run of a guide about the same.
func (e *editor) forget(at *start) {
	for _, g := range allGuides() {
		if g.ID != at.guide {
			continue
		}
		subject := wizard.Start(g, e.world, at.preset).Subject()
		for _, s := range e.left() {
			if s.Wizard == g.ID && strings.EqualFold(s.Subject, subject) {
				_ = e.runs.keep(s.Name(), nil)
			}
		}
	}
}

// change writes changes, or keeps them for the time of the demo.
func (e *editor) change(_ context.Context, changes ...transports.Change) error {
	if e.supposed() {
		return errSupposed
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.store == nil {
		next := *e.file
		if err := next.Apply(changes...); err != nil {
			return plainError(err)
		}
		e.past = append(e.past, done{e.file, describe(e.file, changes)})
		e.file = &next
		return nil
	}
	file, err := e.store.Change(e.file, "", changes...)
	if err != nil {
		return e.clash(err)
	}
	e.file = file
	return nil
}

// errSupposed says why a guide writes nothing.
var errSupposed = errors.New("with --with or --replay a guide only tries: what it looks at is not what stands in DNS")

// supposed says that what guides see is not the world as it is.
func (e *editor) supposed() bool { return len(e.a.shared.sets) > 0 || e.a.shared.replay != "" }

// done is a change of the demo: what was before, and what it did.
type done struct {
	before *config.File
	what   string
}

func describe(file *config.File, changes []transports.Change) string {
	var words []string
	for _, c := range changes {
		was, _ := named(file.Transports, c.Name)
		words = append(words, c.Describe(was))
	}
	return strings.Join(words, ", ")
}

// clash turns what others changed into the error that guides know. The editor
// goes on with the file as it is.
func (e *editor) clash(err error) error {
	c, ok := errors.AsType[*config.Conflict](err)
	if !ok {
		return plainError(err)
	}
	e.file = c.Fresh
	return &wizard.Clash{Who: c.Who, When: c.When, What: c.What, Merge: func(context.Context) error {
		e.mu.Lock()
		defer e.mu.Unlock()
		file, err := e.store.Merge(c)
		if err != nil {
			return e.clash(err)
		}
		e.file = file
		return nil
	}}
}

// plainError is an error without the room that it comes from.
func plainError(err error) error { return errors.New(trimRoom(err)) }

// undo takes the last change back and says which one that was; without do it
// only says it.
func (e *editor) undo(do bool) (string, error) {
	if e.store == nil {
		return e.undoDemo(do)
	}
	if !do {
		last, err := e.store.Undoable()
		if err != nil {
			return "", plainError(err)
		}
		return last.What, nil
	}
	desc, err := e.store.Undo()
	if err != nil {
		return "", plainError(err)
	}
	return desc, e.reload()
}

// undoDemo takes back what was changed in memory.
func (e *editor) undoDemo(do bool) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.past) == 0 {
		return "", config.ErrNothingToUndo
	}
	last := e.past[len(e.past)-1]
	if do {
		e.file, e.past = last.before, e.past[:len(e.past)-1]
	}
	return last.what, nil
}

// reload reads the file again.
func (e *editor) reload() error {
	if e.store == nil {
		return nil
	}
	file, err := e.store.Load()
	if err != nil {
		return plainError(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.file = file
	return nil
}

// newKey makes a key pair and stores it.
func (e *editor) newKey(domain, selector, kind string) (transports.DKIM, error) {
	folder, err := e.keys()
	if err != nil {
		return transports.DKIM{}, err
	}
	k, err := config.NewKey(folder, domain, selector, kind, rand.Reader)
	if errors.Is(err, fs.ErrExist) {
		return k.DKIM(), err // a guide that was cut off takes its key from there
	}
	if err != nil {
		return transports.DKIM{}, plainError(err)
	}
	d := k.DKIM()
	d.PublicKey = k.PublicKey
	d.Key.Public = k.Public
	return d, nil
}

func loadKey(file string) (transports.Key, error) {
	k := config.LoadKey(file)
	if k.Problem != transports.KeyOK {
		return k, errors.New(cmp.Or(k.Detail, "the key cannot be used"))
	}
	return k, nil
}

// setting judges a value with the words of the file's reader.
func setting(key, value string) (clean, problem string) {
	clean, wrong, hint := config.Setting(key, value)
	if wrong == "" {
		return clean, ""
	}
	last := key[strings.LastIndexByte(key, '.')+1:]
	problem = strings.TrimPrefix(wrong, key+": ")
	if hint = strings.ReplaceAll(hint, last+": ", ""); hint != "" {
		problem += ": " + hint
	}
	return "", strings.TrimSuffix(problem, ".") + "."
}

// left are the guides that were left before their end, the last one first.
func (e *editor) left() []wizard.Saved {
	var out []wizard.Saved
	for _, data := range e.runs.all() {
		if s, err := wizard.ReadSaved(data); err == nil {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b wizard.Saved) int { return b.At.Compare(a.At) })
	return out
}

// runStore keeps guides that were left. Data of nil forgets one.
type runStore interface {
	keep(name string, data []byte) error
	all() [][]byte

	sends() []time.Time // when test mails were sent lately
	sent(times []time.Time)
}

// keptRuns are files in the state folder. Without a folder nothing is kept.
type keptRuns struct{ states config.States }

const runFolder = "wizards/"

func (k *keptRuns) keep(name string, data []byte) error {
	if data == nil {
		return k.states.Remove(runFolder + name + ".json")
	}
	return k.states.Store(runFolder+name+".json", data)
}

func (k *keptRuns) all() (out [][]byte) {
	for _, name := range k.states.List() {
		if !strings.HasPrefix(name, runFolder) {
			continue
		}
		if data, err := k.states.Load(name); err == nil {
			out = append(out, data)
		}
	}
	return out
}

// That the times cannot be read or kept is no reason to send nothing.
func (k *keptRuns) sends() (times []time.Time) {
	if data, err := k.states.Load(sendsState); err == nil {
		_ = json.Unmarshal(data, &times)
	}
	return times
}

func (k *keptRuns) sent(times []time.Time) {
	if data, err := json.Marshal(times); err == nil {
		_ = k.states.Store(sendsState, data)
	}
}

// heldRuns are kept in memory.
type heldRuns struct {
	mu    sync.Mutex
	runs  map[string][]byte
	times []time.Time
}

func (h *heldRuns) sends() []time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.times)
}

func (h *heldRuns) sent(times []time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.times = times
}

func (h *heldRuns) keep(name string, data []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.runs == nil {
		h.runs = map[string][]byte{}
	}
	if data == nil {
		delete(h.runs, name)
		return nil
	}
	h.runs[name] = data
	return nil
}

func (h *heldRuns) all() (out [][]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, data := range h.runs {
		out = append(out, data)
	}
	return out
}

// keys is the folder of new keys; that of the demo goes with the program.
func (e *editor) keys() (string, error) {
	if e.store != nil {
		return config.KeysFolder(e.now().Path), nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.demoKeys == "" {
		dir, err := os.MkdirTemp("", "cwmail-demo-*")
		if err != nil {
			return "", err
		}
		e.demoKeys = dir
		e.w.closers = append(e.w.closers, func() { _ = os.RemoveAll(dir) })
	}
	return e.demoKeys, nil
}

// panel plays somebody at the DNS panel of the demo.
func (w *world) panel(hasty bool) *wizard.Panel {
	pace := lab.DemoPace()
	if hasty {
		pace = lab.Pace{First: 50 * time.Millisecond, Second: 150 * time.Millisecond}
	}
	p := &wizard.Panel{Publish: func(rec finding.Record, id string) error {
		slip, ok := lab.SlipOf(id)
		if !ok {
			return fmt.Errorf("the demo knows no slip %q", id)
		}
		return w.demo.Publish(rec, slip, pace)
	}}
	for _, s := range lab.Slips() {
		p.Slips = append(p.Slips, wizard.Option{Value: s.ID, Label: s.Title})
	}
	return p
}
