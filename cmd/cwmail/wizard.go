package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"clockwise.info/cwmail/checks/wizard"
	"clockwise.info/cwmail/config"
	"clockwise.info/cwmail/transports"
)

// guide is a wizard with the field that a word on the command line answers.
type guide struct {
	make    func() *wizard.Wizard
	subject string
}

// guides are in the order in which a newcomer needs them.
var guides = []guide{
	{wizard.SPF, "domain"},
	{wizard.DKIM, "domain"},
	{wizard.Transport, "of"},
	{wizard.Mail, "transport"},
}

func allGuides() []*wizard.Wizard {
	var out []*wizard.Wizard
	for _, g := range guides {
		out = append(out, g.make())
	}
	return out
}

type wizardOptions struct {
	guide   string
	subject string
	answers string // file
	anew    bool
}

func newWizard(a *app, runF func(context.Context, *wizardOptions) error) *cobra.Command {
	o := &wizardOptions{}
	cmd := &cobra.Command{
		Use: "wizard [GUIDE] [DOMAIN|TRANSPORT]", Short: "Step by step: SPF, DKIM, a transport",
		Long: "Walks through a set-up step by step, and goes on where it was left. Without\n" +
			"GUIDE it lists the guides. At a terminal it is the console; with --accessible it\n" +
			"asks plain questions; with --answers it takes them from a file, asking nobody.",
		Example: "  cwmail wizard spf acme.example\n  cwmail wizard dkim acme.example --accessible\n  cwmail wizard dkim --answers answers.yaml",
		Args:    args(0, 2, ""),
		RunE: func(cmd *cobra.Command, words []string) error {
			words = append(words, "", "")
			o.guide, o.subject = strings.ToLower(words[0]), words[1]
			if runF != nil {
				return runF(cmd.Context(), o)
			}
			return a.runWizard(cmd, o)
		},
	}
	cmd.Flags().StringVar(&o.answers, "answers", "", "take the answers from this YAML `FILE`, by the names of the questions")
	cmd.Flags().BoolVar(&o.anew, "anew", false, "begin anew, where a guide was left before its end")
	return cmd
}

func (a *app) runWizard(cmd *cobra.Command, o *wizardOptions) error {
	if o.guide == "" {
		return a.listWizards(cmd)
	}
	i := slices.IndexFunc(guides, func(g guide) bool { return g.make().ID == o.guide })
	if i < 0 {
		return noSuchGuide(o.guide)
	}
	preset := map[string]string{}
	if o.subject != "" {
		preset[guides[i].subject] = o.subject
	}
	guide := guides[i].make()
	if o.answers == "" && a.wantsConsole() {
		return a.runConsole(cmd, &start{guide: guide.ID, preset: preset, anew: o.anew})
	}
	answers, err := readAnswers(o.answers)
	if err != nil {
		return err
	}
	if o.answers == "" && !a.inTerminal && !a.accessible() {
		return &failure{
			what: "could not run the guide " + guide.ID, why: "there is no terminal to ask at",
			hints: []string{"--answers FILE takes the answers from a file", "--accessible reads them from the standard input"},
		}
	}
	return a.inWorld(cmd, true, func(ctx context.Context, w *world) error {
		e := a.editor(w)
		if len(a.shared.sets) > 0 {
			fmt.Fprintln(a.err, "cwmail: the records of --with count as published here; whether they are in DNS is not seen")
		}
		run, err := a.beginRun(e, guide, preset, answers, o)
		if err != nil {
			return err
		}
		if o.answers != "" {
			return a.followAnswers(ctx, run, answers)
		}
		return a.askPlainly(ctx, run, bufio.NewReader(a.in))
	})
}

// offerWizards asks, behind a report in plain lines, whether to go on with a
// wizard.
func (a *app) offerWizards(cmd *cobra.Command) error {
	in := bufio.NewReader(a.in)
	return a.inWorld(cmd, true, func(ctx context.Context, w *world) error {
		all := allGuides()
		a.printf("\nStep by step:\n")
		for i, g := range all {
			a.printf("%d. %s\n", i+1, g.Title)
		}
		for {
			fmt.Fprint(a.out, "A number, or enter to leave: ")
			line, err := in.ReadString('\n')
			line = strings.TrimSpace(line)
			if line == "" {
				return nil // the end of the input leaves, too
			}
			if n, bad := strconv.Atoi(line); bad == nil && n >= 1 && n <= len(all) {
				return a.askPlainly(ctx, wizard.Start(all[n-1], a.editor(w).world, nil), in)
			}
			if err != nil {
				return nil
			}
		}
	})
}

func noSuchGuide(word string) error {
	var ids []string
	for _, w := range allGuides() {
		ids = append(ids, w.ID)
	}
	hints := []string{"good values: " + strings.Join(ids, ", ")}
	if near := transports.Nearest(word, ids); near != "" {
		hints = slices.Insert(hints, 0, "did you mean "+near+"?")
	}
	return &failure{what: "could not run a guide", why: fmt.Sprintf("%q is none", word), hints: hints}
}

// beginRun goes on where the guide was left for the same subject, else begins.
func (a *app) beginRun(e *editor, guide *wizard.Wizard, preset, answers map[string]string, o *wizardOptions) (*wizard.Run, error) {
	fresh := wizard.Start(guide, e.world, mapsJoined(answers, preset))
	subject := fresh.Subject()
	for _, s := range e.left() {
		if s.Wizard != guide.ID || !strings.EqualFold(s.Subject, subject) || o.anew {
			continue
		}
		run := wizard.Resume(guide, e.world, s)
		n, of := run.Position()
		fmt.Fprintf(a.err, "%s goes on at step %d of %d; --anew begins anew\n", guideOf(s), n, of)
		return run, nil
	}
	return wizard.Start(guide, e.world, preset), nil
}

func mapsJoined(all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range all {
		maps.Copy(out, m)
	}
	return out
}

// askPlainly walks a guide by questions.
func (a *app) askPlainly(ctx context.Context, run *wizard.Run, in *bufio.Reader) error {
	p := &wizard.Prompter{In: in, Out: a.out, Secret: a.secretLine()}
	err := p.Walk(ctx, run)
	goOn := "cwmail wizard " + strings.TrimSpace(run.Wizard.ID+" "+run.Subject()) + " goes on there"
	switch {
	case errors.Is(err, wizard.ErrLeft) && run.Saved().IsZero():
		return status(exitUsage)
	case errors.Is(err, wizard.ErrLeft), errors.Is(err, wizard.ErrEnd):
		hints := []string{goOn}
		if run.Saved().IsZero() {
			hints = nil
		}
		return &failure{what: "could not finish the guide", why: err.Error(), hints: hints}
	case err != nil:
		return &failure{what: "could not finish the guide", why: strings.TrimPrefix(err.Error(), "wizard: "), hints: []string{goOn}}
	}
	return nil
}

// secretLine reads a line that is not shown; where the input is no terminal, it
// reads it as any other.
func (a *app) secretLine() func() (string, error) {
	f, ok := a.in.(interface{ Fd() uintptr })
	if !ok || !a.inTerminal {
		return nil
	}
	return func() (string, error) {
		line, err := term.ReadPassword(f.Fd())
		return string(line), err
	}
}

// followAnswers walks a guide with a file of answers.
func (a *app) followAnswers(ctx context.Context, run *wizard.Run, answers map[string]string) error {
	out := a.out
	if a.shared.json {
		out = io.Discard
	}
	unused, err := wizard.Follow(ctx, out, run, answers, nil)
	for _, key := range unused {
		fmt.Fprintf(a.err, "cwmail: the answer %q was not asked for\n", key)
	}
	if a.shared.json {
		if err := a.printJSON(runJSON(run, err)); err != nil {
			return err
		}
	}
	bad, ok := errors.AsType[*wizard.Unanswered](err)
	switch {
	case !ok:
		return err
	case bad.Waits:
		return &failure{what: "could not finish the guide", why: bad.Error(), hints: []string{"the same command goes on there"}, code: exitUnknown}
	case bad.Field != "":
		return &failure{what: "could not finish the guide", why: bad.Error(), hints: []string{"write " + bad.Field + ": … into the file of answers"}}
	}
	return &failure{what: "could not finish the guide", why: bad.Error(), hints: []string{"once it is mended the same command goes on there"}, code: exitFailure}
}

// runJSON is how far a guide came.
func runJSON(run *wizard.Run, err error) any {
	step := run.Step()
	doc := struct {
		Wizard  string  `json:"wizard"`
		Subject *string `json:"subject"`
		Done    bool    `json:"done"`
		Step    string  `json:"step"`
		State   string  `json:"state"`
		Problem *string `json:"problem"`
	}{run.Wizard.ID, orNull(run.Subject()), run.Done(), step.ID, strings.ToLower(run.View().State.String()), nil}
	if err != nil {
		doc.Problem = orNull(err.Error())
	}
	return doc
}

// listWizards lists the guides, those that were left first.
func (a *app) listWizards(cmd *cobra.Command) error {
	return a.inWorld(cmd, true, func(_ context.Context, w *world) error {
		left := a.editor(w).left()
		if a.shared.json {
			return a.printJSON(map[string]any{"left": leftJSON(left), "wizards": guidesJSON()})
		}
		for _, s := range left {
			a.printf("%s\n", leftLine(s)+", left "+s.At.In(a.now().Location()).Format("2 January 15:04"))
			a.printf("  cwmail wizard %s\n\n", strings.TrimSpace(s.Wizard+" "+s.Subject))
		}
		for _, g := range allGuides() {
			a.printf("cwmail wizard %s\n", g.ID)
			a.wrapped(g.Title + ". " + g.About)
		}
		return nil
	})
}

// leftLine says which guide was left, and where.
func leftLine(s wizard.Saved) string {
	for _, g := range allGuides() {
		if g.ID == s.Wizard {
			run := wizard.Resume(g, wizard.World{}, s)
			n, of := run.Position()
			return fmt.Sprintf("%s: step %d of %d", guideOf(s), n, of)
		}
	}
	return s.Wizard
}

// guideOf names a guide and what it is about, which may not be known yet.
func guideOf(s wizard.Saved) string {
	name := strings.ToUpper(s.Wizard)
	if s.Subject == "" {
		return name
	}
	return name + " for " + s.Subject
}

type leftRun struct {
	Wizard  string `json:"wizard"`
	Subject string `json:"subject"`
	Step    string `json:"step"`
	At      string `json:"at"`
}

func leftJSON(left []wizard.Saved) []leftRun {
	out := []leftRun{}
	for _, s := range left {
		out = append(out, leftRun{s.Wizard, s.Subject, s.Step, s.At.Format("2006-01-02T15:04:05Z07:00")})
	}
	return out
}

type guideDoc struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	About string `json:"about"`
}

func guidesJSON() (out []guideDoc) {
	for _, g := range allGuides() {
		out = append(out, guideDoc{g.ID, g.Title, g.About})
	}
	return out
}

// readAnswers reads a file of answers; "" is none.
func readAnswers(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	answers, err := config.Answers(path)
	if err != nil {
		return nil, &failure{what: "could not read the answers", why: strings.TrimPrefix(err.Error(), "config: "), hints: []string{"write one answer a line, such as domain: acme.example"}}
	}
	return answers, nil
}
