package wizard

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// version is that of the stored form, and of what the steps mean.
const version = 1

// Saved is a run as it is stored: no secrets.
type Saved struct {
	Version int               `json:"version"`
	Wizard  string            `json:"wizard"`
	Subject string            `json:"subject"`
	Step    string            `json:"step"`
	Path    []string          `json:"path"`
	Answers map[string]string `json:"answers"`
	Facts   map[string]string `json:"facts"`
	At      time.Time         `json:"at"`
}

// errNotSaved is what is wrong with a file that holds no run.
var errNotSaved = errors.New("it does not hold a guide that was left")

// ReadSaved reads a stored run.
func ReadSaved(data []byte) (Saved, error) {
	var s Saved
	if err := json.Unmarshal(data, &s); err != nil || s.Wizard == "" {
		return Saved{}, errNotSaved
	}
	return s, nil
}

// Name is that under which a run is stored: the guide and what it is about.
func (s Saved) Name() string {
	safe := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' {
			return c
		}
		return '_'
	}, strings.ToLower(s.Subject))
	if safe == "" {
		return s.Wizard
	}
	return s.Wizard + "-" + safe
}

// Resume goes on where a run was left. A run of another version begins again
// with the answers filled in, and so does one whose step is gone.
func Resume(w *Wizard, world World, s Saved) *Run {
	r := Start(w, world, s.Answers)
	maps.Copy(r.facts, s.Facts)
	r.name = s.Name()
	known := func(id string) bool { return r.step(id) != nil }
	if s.Version == version && known(s.Step) && !slices.ContainsFunc(s.Path, func(id string) bool { return !known(id) }) {
		r.at, r.path, r.saved = s.Step, s.Path, s.At
	}
	return r
}

// Keep stores the run where it is, for who leaves in the middle of a step.
func (r *Run) Keep() error { return r.store() }

// store keeps the run, or forgets it when it is done.
func (r *Run) store() error {
	keep := r.World.Keep
	if keep == nil {
		return nil
	}
	s := Saved{version, r.Wizard.ID, r.Subject(), r.at, r.path, r.answers, r.facts, r.World.Now()}
	name := s.Name()
	if r.Done() {
		r.saved = time.Time{}
		return keep(name, nil)
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err == nil {
		err = keep(name, data)
	}
	if err != nil {
		return fmt.Errorf("wizard: the place in %s cannot be stored: %w", name, err)
	}
	if r.name != "" && r.name != name {
		_ = keep(r.name, nil) // it has another name now
	}
	r.name, r.saved = name, s.At
	return nil
}
