package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"clockwise.info/cwmail/checks/dns"
	"clockwise.info/cwmail/checks/mtasts"
	"clockwise.info/cwmail/checks/safe"
	"clockwise.info/cwmail/transports/smtp"
)

// savedSchema is the version of the file.
const savedSchema = 1

// saved is the file of --save: everything that was heard in a run. Nothing in
// it is secret: what a login says is cut where it is recorded.
type saved struct {
	Schema        int                 `json:"schema"`
	Answers       json.RawMessage     `json:"answers"` // as dns.WriteAnswers has them
	Conversations []savedConversation `json:"conversations"`
	Policies      []savedPolicy       `json:"policies"` // of MTA-STS
}

type savedConversation struct {
	Address      netip.AddrPort  `json:"address"`
	Host         string          `json:"host"`
	Security     string          `json:"security"`
	Began        time.Time       `json:"began"`
	Took         time.Duration   `json:"took_ns"`
	Lines        []savedLine     `json:"lines"`
	Stage        smtp.Stage      `json:"stage"`
	Trouble      smtp.Trouble    `json:"trouble"`
	Detail       octets          `json:"detail"`
	Octets       []byte          `json:"octets"`
	Greeting     savedReply      `json:"greeting"`
	HelloRefused bool            `json:"hello_refused"`
	Clear        smtp.Extensions `json:"clear"`
	Offered      smtp.Extensions `json:"offered"`
	Reply        savedReply      `json:"reply"`
	TLS          *savedTLS       `json:"tls"`
	Faults       []string        `json:"faults,omitempty"`
	Injected     bool            `json:"injected,omitempty"`
	Obeyed       bool            `json:"obeyed,omitempty"`
}

type savedLine struct {
	At   time.Duration `json:"at_ns"`
	Dir  string        `json:"dir"`
	Text octets        `json:"line"`
}

type savedReply struct {
	Code     int      `json:"code"`
	Enhanced string   `json:"enhanced"`
	Lines    []octets `json:"lines"`
}

type savedTLS struct {
	Version          uint16   `json:"version"`
	Cipher           uint16   `json:"cipher"`
	Chain            [][]byte `json:"chain"` // DER
	Chained          string   `json:"chained"`
	UnknownAuthority bool     `json:"unknown_authority"`
	Name             string   `json:"name"`
}

// octets is text from outside. What is not UTF-8 is kept as base64.
type octets string

func (o octets) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(o)) {
		return json.Marshal(string(o))
	}
	return json.Marshal(map[string][]byte{"base64": []byte(o)})
}

func (o *octets) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*o = octets(s)
		return nil
	}
	var raw struct {
		Base64 []byte `json:"base64"`
	}
	err := json.Unmarshal(data, &raw)
	*o = octets(raw.Base64)
	return err
}

// conversations are the talks of a run: those that are recorded, or those of a
// saved run.
type conversations struct {
	mu  sync.Mutex
	all []smtp.Conversation
}

// record is smtp.Probe that keeps what was said.
func (c *conversations) record(ctx context.Context, o smtp.Options) smtp.Conversation {
	talk := smtp.Probe(ctx, o)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, talk)
	return talk
}

// keep takes note of what was said while mail was sent.
func (c *conversations) keep(talks []smtp.Conversation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, talks...)
}

// replay gives what was said then.
func (c *conversations) replay(_ context.Context, o smtp.Options) smtp.Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, talk := range c.all {
		if talk.Address == o.Address && talk.Host == o.Host && talk.Security == o.Security && talk.Injected == o.Inject {
			return talk
		}
	}
	return smtp.Conversation{Address: o.Address, Host: o.Host, Security: o.Security, Injected: o.Inject, Began: o.Now(), Trouble: smtp.NotRun, Detail: errReplayed.Error()}
}

// heard are the talks so far; some may still be going on.
func (c *conversations) heard() []smtp.Conversation {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// heard is what a run heard.
type heard struct {
	answers  []dns.Answer
	talks    []smtp.Conversation
	policies []mtasts.Fetched
}

// writeSaved writes a run to path, for its owner alone.
func writeSaved(path string, run heard) error {
	var raw bytes.Buffer
	if err := dns.WriteAnswers(&raw, run.answers); err != nil {
		return err
	}
	doc := saved{Schema: savedSchema, Answers: raw.Bytes(), Conversations: []savedConversation{}, Policies: []savedPolicy{}}
	for _, c := range run.talks {
		doc.Conversations = append(doc.Conversations, toSaved(c))
	}
	for _, f := range run.policies {
		doc.Policies = append(doc.Policies, toSavedPolicy(f))
	}
	text, err := safe.JSON(doc, " ")
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, text, 0o600) // a device or a pipe
	}
	return replaceFile(path, text)
}

// replaceFile writes beside path first, so that a run that is there is lost
// only for a whole one.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".cwmail-*") // for its owner alone
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// readSaved reads what writeSaved wrote.
func readSaved(path string) (heard, error) {
	text, err := readFile(path)
	if err != nil {
		return heard{}, err
	}
	var doc saved
	if err := json.Unmarshal(text, &doc); err != nil {
		return heard{}, notSaved(err)
	}
	if doc.Schema == 0 || doc.Answers == nil {
		return heard{}, errors.New("it is no saved run")
	}
	if doc.Schema != savedSchema {
		return heard{}, fmt.Errorf("it is a saved run of version %d; this cwmail reads version %d", doc.Schema, savedSchema)
	}
	answers, err := dns.ReadAnswers(bytes.NewReader(doc.Answers))
	if err != nil {
		return heard{}, notSaved(err)
	}
	run := heard{answers: answers}
	for _, s := range doc.Conversations {
		c, err := s.conversation()
		if err != nil {
			return heard{}, err
		}
		run.talks = append(run.talks, c)
	}
	for _, s := range doc.Policies {
		f, err := s.policy()
		if err != nil {
			return heard{}, err
		}
		run.policies = append(run.policies, f)
	}
	return run, nil
}

// maxSaved is the size of the largest saved run that is read.
const maxSaved = 256 << 20

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSaved+1))
	if err == nil && len(text) > maxSaved {
		err = errors.New("it is too large for a saved run")
	}
	return text, err
}

// notSaved says why a file is no saved run, without the words of a decoder.
func notSaved(err error) error {
	if _, ok := errors.AsType[*json.SyntaxError](err); ok {
		return errors.New("it is not JSON, or only a part of it")
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return errors.New("it is no saved run")
	}
	return errors.New(strings.ReplaceAll(err.Error(), "dns: ", ""))
}

// canSave judges the file of --save before the work is done: it must be a new
// one, or one that --save wrote before.
func canSave(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		folder := filepath.Dir(path)
		if above, err := os.Stat(folder); err != nil || !above.IsDir() {
			return fmt.Errorf("there is no folder %s", folder)
		}
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return errors.New("it is a folder")
	case !info.Mode().IsRegular() || info.Size() == 0:
		return nil
	}
	if _, err := readSaved(path); err != nil {
		return errors.New("it exists and is no saved run")
	}
	return nil
}

func toSaved(c smtp.Conversation) savedConversation {
	out := savedConversation{
		Address: c.Address, Host: c.Host, Security: c.Security, Began: c.Began, Took: c.Took, Lines: []savedLine{},
		Stage: c.Stage, Trouble: c.Trouble, Detail: octets(c.Detail), Octets: c.Octets,
		Greeting: toSavedReply(c.Greeting), HelloRefused: c.HelloRefused, Clear: c.Clear, Offered: c.Offered, Reply: toSavedReply(c.Reply),
		Faults: c.Faults, Injected: c.Injected, Obeyed: c.Obeyed,
	}
	for _, l := range c.Lines {
		out.Lines = append(out.Lines, savedLine{l.At, string(l.Dir), octets(l.Text)})
	}
	if c.TLS == nil {
		return out
	}
	out.TLS = &savedTLS{Version: c.TLS.Version, Cipher: c.TLS.Cipher}
	for _, cert := range c.TLS.Chain {
		out.TLS.Chain = append(out.TLS.Chain, cert.Raw)
	}
	if c.TLS.Chained != nil {
		out.TLS.Chained = c.TLS.Chained.Error()
		_, out.TLS.UnknownAuthority = errors.AsType[x509.UnknownAuthorityError](c.TLS.Chained)
	}
	if c.TLS.Name != nil {
		out.TLS.Name = c.TLS.Name.Error()
	}
	return out
}

func toSavedReply(r smtp.Reply) savedReply {
	out := savedReply{Code: r.Code, Enhanced: r.Enhanced, Lines: []octets{}}
	for _, l := range r.Lines {
		out.Lines = append(out.Lines, octets(l))
	}
	return out
}

func (s savedConversation) conversation() (smtp.Conversation, error) {
	c := smtp.Conversation{
		Address: s.Address, Host: s.Host, Security: s.Security, Began: s.Began, Took: s.Took, Stage: s.Stage, Trouble: s.Trouble,
		Detail: string(s.Detail), Octets: s.Octets, Greeting: s.Greeting.reply(), HelloRefused: s.HelloRefused,
		Clear: s.Clear, Offered: s.Offered, Reply: s.Reply.reply(),
		Faults: s.Faults, Injected: s.Injected, Obeyed: s.Obeyed,
	}
	for _, l := range s.Lines {
		if len(l.Dir) == 1 {
			c.Lines = append(c.Lines, smtp.Line{At: l.At, Dir: l.Dir[0], Text: string(l.Text)})
		}
	}
	if s.TLS == nil {
		return c, nil
	}
	t := &smtp.TLS{Version: s.TLS.Version, Cipher: s.TLS.Cipher}
	for _, der := range s.TLS.Chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return c, fmt.Errorf("a certificate in it cannot be read: %w", err)
		}
		t.Chain = append(t.Chain, cert)
	}
	if len(t.Chain) == 0 {
		return c, errors.New("a conversation with TLS has no certificate")
	}
	if s.TLS.Chained != "" {
		t.Chained = errors.New(s.TLS.Chained)
	}
	if s.TLS.UnknownAuthority {
		t.Chained = x509.UnknownAuthorityError{Cert: t.Chain[0]}
	}
	if s.TLS.Name != "" {
		t.Name = errors.New(s.TLS.Name)
	}
	c.TLS = t
	return c, nil
}

func (s savedReply) reply() smtp.Reply {
	r := smtp.Reply{Code: s.Code, Enhanced: s.Enhanced}
	for _, l := range s.Lines {
		r.Lines = append(r.Lines, string(l))
	}
	return r
}
